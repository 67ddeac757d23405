"""The course: its chapters, due dates, limits and rules. An nbgrader configuration file; see docs/ for every option."""

c = get_config()

c.CourseDirectory.course_id = "mlp_from_scratch"

c.Course.title = "A multilayer perceptron from scratch"

# A chapter's id is the name of its solution file in source/. "points" is checked against the file; "due" is when it has
# to be handed in. The dates belong to a term: change them for yours.
c.Course.chapters = {
    "01_math_foundations": {"title": "Math foundations", "points": 16, "due": "2026-10-05 23:59 UTC"},
    "02_single_neuron": {"title": "A single neuron", "points": 12, "due": "2026-10-12 23:59 UTC"},
    "03_forward_pass": {"title": "The forward pass", "points": 14, "due": "2026-10-19 23:59 UTC"},
    "04_loss_function": {"title": "The loss function", "points": 12, "due": "2026-10-26 23:59 UTC"},
    "05_backpropagation": {"title": "Backpropagation", "points": 20, "due": "2026-11-09 23:59 UTC"},
    "06_training_loop": {"title": "The training loop", "points": 12, "due": "2026-11-16 23:59 UTC"},
    "07_final_project": {
        "title": "The first complete AI",
        "points": 14,
        "due": "2026-11-30 23:59 UTC",
        "time_limit_s": 120,  # 500 epochs of training in plain Python take some seconds
    },
}

# CPU seconds that one cell may take; "time_limit_s" of a chapter overrides it.
c.Course.time_limit_s = 10

# What students may import: the course is about writing it yourself.
c.Course.allowed_modules = ["stdlib", "chapters", "IPython.display"]

# What being late costs: "none", "zero" (everything), "per-day" or "per-hour" (a part of the score for each one begun;
# see late_fraction_per_day, late_fraction_per_hour, late_grace_s and late_max_fraction in docs/configuration.md).
c.Course.late_policy = "none"

# nbgrader's own commands, and formgrader's buttons, grade through our judge and show students no hidden test.
c.Autograde.autograde_preprocessors = [
    "grader.nbgrader_plugin.Judge",
    "nbgrader.preprocessors.AssignLatePenalties",
]
c.AssignLatePenalties.plugin_class = "grader.nbgrader_plugin.CourseLatePolicy"
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "grader.nbgrader_plugin.HideTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]

# Neither may a hand-in act in formgrader in its grader's name: scripts, styles and the like are taken out there.
c.HTMLExporter.preprocessors = ["grader.nbgrader_plugin.MakeSafe"]
