"""Scores at rest: nbgrader's gradebook and our tables beside it."""
