# Output without end.
# others: right
# earns: all
# limits: cpu_s=0.5
# shows: [output cut here: too long]
# there: nbgrader keeps all of it in memory
# %%
import sys

while True:
    print("x" * 1000)
    print("y" * 1000, file=sys.stderr)
