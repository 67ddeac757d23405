# Magics that notebooks are full of; the answers are right.
# others: right
# earns: all
# shows: CPU times
# shows: captured
# %%
%matplotlib inline
# %%
%load_ext autoreload
%autoreload 2
# %%
%%time
sum(range(1000))
# %%
%%capture captured
print("captured")
# %%
captured.show()
# %%
%cd /tmp
%pwd
# %%
%timeit -n 1 -r 1 1 + 1
# %%
%who
%lsmagic
# %%
%%html
<b>bold</b>
# %%
%%writefile helper.py
answer = 42
# %%
%run helper.py
# %%
import helper
# %%
print(answer, "captured")
