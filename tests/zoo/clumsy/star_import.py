# Everything is imported from everywhere, and names of the course are covered by it.
# others: right
# earns: all
# %%
from math import *
from random import *
from statistics import *
from chapters import *
