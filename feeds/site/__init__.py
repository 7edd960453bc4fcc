"""HTML templates and their style sheet: data for feeds.render.page."""
