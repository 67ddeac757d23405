"""nbgrader's formgrader for a Jupyter server of ``grader formgrader``: this course, whatever is configured.

Stock formgrader takes its course from the user's ``~/.jupyter/nbgrader_config.py`` as well, where another course may be
named, and reads it again at each request. Here folder and gradebook are those of the course that the server was started
in. What keeps grading in the judge and hand-ins harmless is there even if the course's configuration says nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension
from traitlets.config import Config

from grader.course.config import CourseConfig, load_config
from grader.course.layout import find_course

_SECRET = ("IdentityProvider", "PasswordIdentityProvider", "ServerApp")
"""What formgrader gets from the server's configuration and would show on its first page, token and all."""


class CourseFormgrader(FormgradeExtension):
    """Formgrader on one course.

    Args:
        course: the course; what its files say of the folder and the database is decided here and nowhere else.
        more: what nbgrader's applications take.
    """

    def __init__(self, course: CourseConfig, **more: Any) -> None:
        self._course = course
        super().__init__(**more)
        for name in _SECRET:
            self.config.pop(name, None)

    def build_extra_config(self) -> Config:
        """Return what holds unless the course says otherwise."""
        config = super().build_extra_config()
        config.Autograde.autograde_preprocessors = [
            "grader.nbgrader_plugin.Judge",
            "nbgrader.preprocessors.AssignLatePenalties",
        ]
        config.AssignLatePenalties.plugin_class = "grader.nbgrader_plugin.CourseLatePolicy"
        config.GenerateFeedback.preprocessors = [
            "nbgrader.preprocessors.GetGrades",
            "grader.nbgrader_plugin.HideTests",
            "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
        ]
        config.HTMLExporter.preprocessors = ["grader.nbgrader_plugin.MakeSafe"]
        return config

    def load_config_file(self, **more: Any) -> None:
        """Read the configuration files, then say again which course it is."""
        super().load_config_file(**more)
        self.update_config(self._place())

    def load_config(self) -> Config:
        """Return what is configured for this course."""
        config = super().load_config()
        config.merge(self._place())
        return config

    def _place(self) -> Config:
        place = Config()
        place.CourseDirectory.root = str(self._course.root)
        place.CourseDirectory.db_url = self._course.db_url
        place.CourseDirectory.course_id = self._course.course_id
        return place


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "grader.nbgrader_server"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Add formgrader's pages to a server that runs in the course's folder."""
    formgrader = CourseFormgrader(load_config(find_course(Path.cwd())), parent=server)
    formgrader.root_dir = server.root_dir
    formgrader.log = server.log
    formgrader.initialize([])
    formgrader.init_tornado_settings(server.web_app)
    formgrader.init_handlers(server.web_app)
