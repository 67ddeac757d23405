# input() and getpass in the middle of a cell; nobody is there to answer.
# others: right
# earns: all
# shows: EOFError
# there: it waits for an answer
# %%
name = input("Your name? ")
# %%
import getpass

getpass.getpass()
