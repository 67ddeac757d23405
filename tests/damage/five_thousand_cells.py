"""5,000 cells of the student's own around the course's."""

from damage_tools import new

PASSES = "test_add test_twice"


def damage(notebook):
    half = [new(f"x_{number} = {number}") for number in range(2_500)]
    notebook["cells"] = [*half, *notebook["cells"], *half]
