# Outputs are cleared, again and again, and shown with wait.
# others: right
# earns: all
# shows: last
# %%
from IPython.display import clear_output, display

for number in range(50):
    print(number)
    clear_output(wait=number % 2 == 0)
handle = display("first", display_id=True)
handle.update("last")
print("last")
