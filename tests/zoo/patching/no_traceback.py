# Tracebacks are not shown any more, and errors are not remembered.
# shows: patched
# %%
import sys

shell = get_ipython()
shell.showtraceback = shell.showsyntaxerror = shell._showtraceback = lambda *args, **kwargs: None
shell.set_custom_exc((BaseException,), lambda *args, **kwargs: None)
sys.excepthook = lambda *args: None
sys.unraisablehook = lambda *args: None
print("patched")
