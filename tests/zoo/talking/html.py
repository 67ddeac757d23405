# HTML, scripts and styles in outputs, messages and names.
# others: right
# earns: test_account test_history test_restock test_fit test_quality
# %% total
from IPython.display import HTML, Javascript, display

display(HTML("<script>alert(1)</script><style>* { display: none }</style><iframe src='file:///etc/passwd'></iframe>"))
display(Javascript("Jupyter.notebook.kernel.execute('1')"))


def total(prices, rate=0):
    raise ValueError("</pre><script>document.body.innerHTML = 'full marks'</script>")
