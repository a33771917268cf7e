"""What Prometheus reads: HTTP requests by route template (never by address or person), and the event feed's horizon."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from app.services.tailer import Tailer

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


def watch_feed(registry: CollectorRegistry, tailer: Tailer) -> None:
    """Measure the event feed's horizon, and who waits for it, whenever the metrics are read."""
    lag = Gauge(
        "halfterm_event_horizon_lag_seconds",
        "For how long one open transaction has kept newer events from being read.",
        registry=registry,
        multiprocess_mode="max",
    )
    lag.set_function(lambda: tailer.horizon_lag_seconds)
    waiting = Gauge(
        "halfterm_event_listeners",
        "Long polls that wait for events.",
        registry=registry,
        multiprocess_mode="livesum",
    )
    waiting.set_function(lambda: tailer.listener_count)


class HttpMetrics:
    """The request metrics of one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.in_flight = Gauge(
            "halfterm_http_requests_in_flight",
            "Requests being answered now.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        requests = Counter(
            "halfterm_http_requests",
            "Requests answered, by status class.",
            ("method", "route", "status"),
            registry=registry,
        )
        seconds = Histogram(
            "halfterm_http_request_seconds",
            "Time from a request's arrival to the end of its answer.",
            ("method", "route"),
            registry=registry,
            buckets=_SECONDS,
        )
        self._requests = requests
        self._seconds = seconds
        # Finding a labelled child costs more than counting with it. The key's parts are bounded, so this is too.
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request. `route` is the template; a method of no standard counts as `OTHER`."""
        key = (method if method in _METHODS else "OTHER", route, status // 100)
        children = self._children.get(key)
        if children is None:
            name, template, status_class = key
            children = (
                self._requests.labels(name, template, f"{status_class}xx"),
                self._seconds.labels(name, template),
            )
            self._children[key] = children
        children[0].inc()
        children[1].observe(seconds)
