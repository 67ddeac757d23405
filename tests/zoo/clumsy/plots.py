# A plot with a library that is not there, and one without any library.
# others: right
# earns: all
# shows: <svg
# %%
import matplotlib.pyplot as plt

plt.plot([1, 2, 3])
plt.show()
# %%
from IPython.display import SVG

SVG("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><circle r='3'/></svg>")
# %%
class Plot:
    def _repr_png_(self):
        return b"\x89PNG\r\n\x1a\n"

    def _repr_svg_(self):
        return "<svg/>"


Plot()
