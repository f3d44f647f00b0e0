"""Figures for Prometheus. Labels name workers, paths and routes: never people, addresses or secrets."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from regie.api.access import Access
from regie.api.events import EventHub
from regie.api.models import AudioFigures, VideoFigures
from regie.api.picture import Picture
from regie.domain.edits import mixer_id
from regie.domain.workers import WorkerState

BUCKETS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0)


class Metrics:
    """A registry of its own, so that two servers in one process would not share figures."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # when a counter began is of no use
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("regie_http_requests", "HTTP requests", labels, registry=self.registry)
        self._seconds = Histogram(
            "regie_http_seconds", "Time to answer", ("route",), registry=self.registry, buckets=BUCKETS
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def watch(self, picture: Picture, hub: EventHub, access: Access) -> None:
        self.registry.register(_State(picture, hub, access))

    def text(self) -> bytes:
        return generate_latest(self.registry)


class _State(Collector):
    """Reads the picture whenever Prometheus asks."""

    def __init__(self, picture: Picture, hub: EventHub, access: Access) -> None:
        self._picture = picture
        self._hub = hub
        self._access = access

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        answers = self._picture.engine_answers
        yield GaugeMetricFamily("regie_engine_up", "1 while the engine answers", value=float(answers))
        if answers:  # else how the workers are is not known
            yield from self._workers()
        yield from self._paths()
        yield from self._mixers()
        yield GaugeMetricFamily("regie_event_sockets", "Open pages", value=len(self._hub.listeners))
        yield CounterMetricFamily("regie_event_sockets_dropped", "Pages too slow", value=self._hub.dropped)
        yield CounterMetricFamily("regie_login_failures", "Wrong tokens", value=self._access.failures)

    def _workers(self) -> Iterator[Metric]:
        state = GaugeMetricFamily(
            "regie_worker_state", "1 for the state it is in", labels=["worker", "state"]
        )
        restarts = CounterMetricFamily("regie_worker_restarts", "Restarts", labels=["worker"])
        cpu = GaugeMetricFamily("regie_worker_cpu_cores", "Processor cores in use", labels=["worker"])
        rss = GaugeMetricFamily("regie_worker_rss_bytes", "Resident memory", labels=["worker"])
        for worker in self._picture.workers.values():
            usage = self._picture.usage.get(worker.id, {})
            for known in WorkerState:
                state.add_metric([worker.id, known.value], float(worker.state == known))
            restarts.add_metric([worker.id], worker.restarts)
            cpu.add_metric([worker.id], float(usage.get("cpu", worker.cpu)))
            rss.add_metric([worker.id], float(usage.get("rss", worker.rss)))
        yield from (state, restarts, cpu, rss)

    def _mixers(self) -> Iterator[Metric]:
        counted = {
            "frames": CounterMetricFamily(
                "regie_mixer_frames", "Programme pictures made", labels=["production"]
            ),
            "late": CounterMetricFamily("regie_mixer_late", "Made too late", labels=["production"]),
            "dropped": CounterMetricFamily("regie_mixer_dropped", "Not made at all", labels=["production"]),
            "overlays_drawn": CounterMetricFamily(
                "regie_overlays_drawn", "Pictures of overlays drawn", labels=["production"]
            ),
            "overlays_failed": CounterMetricFamily(
                "regie_overlays_failed", "Pictures of overlays that could not be drawn", labels=["production"]
            ),
        }
        for production_id in self._picture.productions:
            figures = self._picture.stats.get(mixer_id(production_id), {}).get("mixer") or {}
            for name, family in counted.items():
                if name in figures:
                    family.add_metric([production_id], float(figures[name]))
        yield from counted.values()

    def _paths(self) -> Iterator[Metric]:
        labels = ["path", "stream"]
        bitrate = GaugeMetricFamily("regie_path_bitrate", "Bits per second", labels=labels)
        readers = GaugeMetricFamily("regie_path_readers", "Readers on the hub", labels=labels)
        silent = GaugeMetricFamily("regie_path_silent_seconds", "Since the last unit", labels=labels)
        fps = GaugeMetricFamily("regie_path_fps", "Pictures per second", labels=["path"])
        viewers = GaugeMetricFamily("regie_path_viewers", "Viewers", labels=["path"])
        for path in self._picture.all_paths():
            viewers.add_metric([path.name], path.viewers)
            if path.video and path.video.fps is not None:
                fps.add_metric([path.name], path.video.fps)
            streams: tuple[tuple[str, VideoFigures | AudioFigures | None], ...]
            streams = (("video", path.video), ("audio", path.audio))
            for name, stream in streams:
                if stream is not None:
                    bitrate.add_metric([path.name, name], stream.bitrate or 0.0)
                    readers.add_metric([path.name, name], stream.readers or 0)
                    silent.add_metric([path.name, name], stream.silent_s or 0.0)
        yield from (bitrate, readers, silent, fps, viewers)
