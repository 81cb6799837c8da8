"""Console, app: puts the console together: pages, security headers, health, French formats.

Not here: any page (views), what the services hold (indicators.journals asks them).
"""

from __future__ import annotations

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from console import formats, security
from console.views import certificates, exchange, journal, results, services, validation
from indicators.live import LiveBench
from kit.clock import Clock, bench_clock
from kit.settings import Settings

MAX_BODY_BYTES = 64 * 1024  # of a form; a file to validate has its own bound


def create_app(
    settings: Settings, clock: Clock | None = None, judge: validation.Judge | None = None
) -> Flask:
    """The console over the services that ``settings`` reach. judge: who validates documents."""
    app = Flask(__name__, static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 300
    app.extensions["console"] = settings
    clock = clock or bench_clock(settings.data_dir)
    formats.install(app)
    security.install(app, settings)
    for pages in (
        results.blueprint(LiveBench(settings, clock)),
        journal.blueprint(settings),
        exchange.blueprint(settings),
        certificates.blueprint(settings, clock),
        validation.blueprint(settings, judge),
        services.blueprint(settings),
    ):
        app.register_blueprint(pages)
    app.register_error_handler(HTTPException, _error)

    @app.get("/_banc/health")
    def health() -> Response:
        """Ready."""
        return jsonify({"service": "console", "status": "ready"})

    return app


_SAID = {
    404: "Il n'y a rien à cette adresse.",
    405: "Cette adresse ne se consulte pas ainsi.",
    413: "La demande est trop longue.",
    500: "La console a échoué ; son journal en dit la cause.",
}


def _error(found: HTTPException) -> tuple[Response | str, int]:
    code = found.code or 500
    said = found.description if code in (400, 403, 502) else _SAID.get(code, found.name)
    if request.accept_mimetypes.best == "application/json":
        return jsonify({"error": said}), code
    return render_template("error.html", code=code, said=said), code
