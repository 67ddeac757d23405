# Displays with data that no notebook can hold.
# others: right
# earns: all
# shows: shown
# %%
from IPython.display import display

for data in ({"text/plain": object()}, {"x" * 10_000: "y"}, {"text/html": ["a", None]}, {"": ""}, {"image/png": b"\xff"}):
    try:
        get_ipython().display_pub.publish(data, metadata={"a": object()})
    except Exception:
        pass
display({"application/vnd.jupyter.widget-view+json": {"model_id": "x" * 100}}, raw=True)
print("shown")
# %%
class Mime:
    def _repr_mimebundle_(self, **kwargs):
        return {"text/plain": "m" * 10, "application/x-sh": "rm"}, {"text/plain": {"a": 1}}


Mime()
