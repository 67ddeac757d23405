# A cell says sys.exit(0); the rest of the notebook is right.
# earns: all
# others: right
# %%
import sys

sys.exit(0)
# %% fit
# %%
exit()
# %%
quit()
# %%
raise SystemExit(0)
