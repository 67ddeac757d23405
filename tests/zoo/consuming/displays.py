# Thousands of displays, pictures and tables.
# others: right
# earns: all
# limits: cpu_s=2
# %% test_account
# %%
from IPython.display import HTML, Image, display

for number in range(3_000):
    display(HTML(f"<b>{number}</b>" * 50))
display(Image(data=b"\x89PNG\r\n\x1a\n" + bytes(3_000_000), format="png"))
