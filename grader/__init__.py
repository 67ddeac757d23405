"""Autograder for nbgrader courses: hidden tests and scores stay out of reach of student code."""

__version__ = "0.1.0"
