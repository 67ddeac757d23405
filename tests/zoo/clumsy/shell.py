# Shell commands in every spelling; the answers are right.
# others: right
# earns: all
# shows: the end
# needs: walls
# there: it would install packages
# %%
!ls -la
!echo hello
# %%
files = !ls
files
# %%
get_ipython().system("id")
print(get_ipython().getoutput("id"), "the end")
# %%
import os

os.system("ls")
# %%
import subprocess

subprocess.run(["ls"])
# %%
%pip install numpy
# %%
!pip install requests
# %% test_total
# %%
%%bash
echo hello from bash
# %%
%%sh
kill -9 $PPID
