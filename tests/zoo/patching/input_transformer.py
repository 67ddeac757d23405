# An input transformer turns every later cell into "pass".
# shows: patched
# %%
shell = get_ipython()
shell.input_transformers_post.append(lambda lines: ["pass\n"])
shell.input_transformers_cleanup.append(lambda lines: ["pass\n"])
print("patched")
