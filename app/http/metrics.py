"""Counts and durations of HTTP requests for Prometheus, by route template and never by address or person."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


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
