"""What a course is: its values, its configuration and its folders."""
