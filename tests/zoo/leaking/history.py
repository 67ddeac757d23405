# IPython's history, _ and Out, and the log of everything that was run.
# others: right
# earns: test_total test_batch test_menu test_account test_history test_restock test_fit test_quality
# shows: history
# %% test_total
# %%
print("history", In, Out, _, __, ___)
get_ipython().run_line_magic("history", "")
get_ipython().run_line_magic("history", "-g BEGIN")
get_ipython().run_line_magic("whos", "")
