"""What Jupyter's server sends, not what it stores: the notebook is inside."""

import json

PASSES = "test_add test_twice"
EVERYWHERE = True


def damage(notebook):
    answer = {"name": "01_add.ipynb", "path": "01_add.ipynb", "type": "notebook", "content": notebook}
    return json.dumps(answer).encode()
