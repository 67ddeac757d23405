# help(), the pager, ? and ??.
# others: right
# earns: all
# shows: Return the absolute value
# limits: cpu_s=3
# %%
help(abs)
# %%
len?
# %%
total??
