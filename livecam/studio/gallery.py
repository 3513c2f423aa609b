"""The portraits to choose from: listing, enrolling, fine-tuning, renaming, deleting and bringing back.

Every method may be called from any thread, and may take as long as a disk does; none opens a picture that
was uploaded. That is done by a process of its own (`livecam.studio.worker`).
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

from livecam.assets import bundled_portraits
from livecam.errors import UserError
from livecam.persona import listing, store
from livecam.ranges import Range, short_text
from livecam.settings import FACE_INDEX
from livecam.studio import naming, shelf
from livecam.studio.jobs import Job, Jobs
from livecam.studio.thumbnails import Thumbnails
from livecam.studio.uploads import Uploads
from livecam.studio.worker import Worker

log = logging.getLogger(__name__)

ENROL, TUNE = "enrol", "tune"
ENROL_SECONDS: Final = 600.0
"""One picture takes four of a processor's; the rest is for slow computers, and for busy ones, where the
process has little (`worker.NICENESS`)."""
MORE_SECONDS: Final = 10.0
"""For each further picture, by the same measure: it is read, and its face found, in a third of a second."""
TUNE_SECONDS: Final = 600.0
STEPS: Final = Range(1, 2000, whole=True)
USUAL_STEPS: Final = 100


class Gallery:
    """`on_event` hears {"job": ...} and, where the list is another one, {"personas": True}."""

    def __init__(
        self,
        on_event: Callable[[dict[str, Any]], None],
        shown: Callable[[], str | None] = lambda: None,
        *,
        size: Callable[[], int | None] = lambda: None,
    ) -> None:
        """shown: the portrait on the screen. size: what to enrol at; the settings' if None."""
        self._tell, self._shown, self._size = on_event, shown, size
        self.uploads = Uploads()
        self._thumbnails = Thumbnails()
        self._jobs = Jobs(lambda job: self._event({"job": job}))
        self._lock = threading.RLock()
        self._rows: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = {}
        self._complained: set[str] = set()
        shelf.sweep()

    def names(self) -> list[str]:
        """In the order of the gallery: enrolled ones, the oldest first, then those that come with livecam. So
        a new one takes no other's key of the user's own."""
        return [row["name"] for row in self.described()]

    def described(self) -> list[dict[str, Any]]:
        """name, bundled, source (the picture's file or None), sizes, created (local time or ""), tuned
        (steps), pictures, of each. Damaged ones are left out, with a warning the first time."""
        rows = [row for name in sorted(store.names(), key=naming.key) if (row := self._row(name))]
        rows.sort(key=lambda row: str(row["created"]))
        known = {row["name"] for row in rows}
        return rows + [_bundled(name) for name in bundled_portraits() if name not in known]

    def picture(self, name: str) -> bytes:
        """A JPEG of 256 x 256 pixels. Raises `UserError`."""
        return self._thumbnails.get(name)

    def jobs(self) -> list[dict[str, Any]]:
        """The oldest first."""
        return self._jobs.all()

    def enrol(self, name: str, uploads: Sequence[str], face: int | None = None) -> dict[str, Any]:
        """Begin to enrol pictures of one person, the portrait first; the job. name: any text, or "" for the
        picture's. face: which one of the first picture, from the left, from 0.

        Raises:
            UserError: no pictures, a name of which nothing is left, or too many jobs wait.
        """
        if name.strip() and not naming.clean(name):
            todo = "Use letters or digits of the Latin alphabet, or leave it empty."
            raise UserError(f"name {short_text(repr(name))}", "not usable", todo)
        if face is not None:
            FACE_INDEX.check(f"face {short_text(face)}", face)
        with self._lock:
            self._jobs.check_room()
            taken = self.uploads.claim(uploads)
            try:
                wished = naming.clean(name) or naming.of_file(taken[0].name)
                free = naming.unique(wished, shelf.taken() | self._reserved())
                folder = shelf.new_folder()
                paths = [str(upload.path) for upload in taken]
                words = ["enroll", *paths, "--name", free, "--into", str(folder)]
                words += [] if face is None else ["--face-index", str(face)]
                words += [] if (size := self._size()) is None else ["--size", str(size)]
                seconds = ENROL_SECONDS + MORE_SECONDS * (len(taken) - 1)
                worker = Worker(words, free, seconds, self.uploads.folder)
            except BaseException:
                self.uploads.give_back(uploads)
                raise

            def finish(well: bool) -> str:
                try:
                    with self._lock:
                        others = self._reserved() - {naming.key(free)}
                        found = shelf.put_up(folder / free, free, others) if well else free
                except BaseException:
                    well = False
                    raise
                finally:
                    shutil.rmtree(folder, ignore_errors=True)
                    (self.uploads.forget if well else self.uploads.give_back)(uploads)
                if well:
                    self._changed()
                return found

            aliases = {str(upload.path): upload.name for upload in taken}
            aliases[str(folder / free)] = f"portrait {free}"
            return self._add(Job(ENROL, free, worker, finish, aliases))

    def tune(self, name: str, steps: int = USUAL_STEPS) -> dict[str, Any]:
        """Begin to fine-tune an enrolled portrait; the job. Raises `UserError`."""
        STEPS.check(f"steps {short_text(steps)}", steps)
        self._check_own(name, "Enrol a picture of your own first.")
        words = ["tune", name, "--steps", str(steps)]

        def finish(well: bool) -> str:
            if well:
                self._changed()
            else:
                shelf.remove_unfinished(name)
            return name

        with self._lock:
            self._check_not_busy(name)
            return self._add(Job(TUNE, name, Worker(words, name, TUNE_SECONDS, self.uploads.folder), finish))

    def stop(self, job: str) -> None:
        """End a job; nothing is kept of it. Raises `UserError` where it is over."""
        self._jobs.stop(job)

    def rename(self, name: str, new: str) -> str:
        """The name that it has now: `new`, as far as it can be used. Raises `UserError`."""
        self._check_own(name, "Its name stays.")
        with self._lock:
            self._check_free(name)
            if naming.key(naming.clean(new)) in self._reserved():
                raise UserError(
                    f"name {naming.clean(new)}", "one is being enrolled so", "Choose another name."
                )
            found = shelf.rename(name, new)
        self._changed()
        return found

    def delete(self, name: str) -> str:
        """To the trash, for a day; what `undo` takes. Raises `UserError`."""
        self._check_own(name, "It stays.")
        with self._lock:
            self._check_free(name)
            undo = shelf.throw_away(name)
        self._changed()
        return undo

    def undo(self, undo: str) -> str:
        """Bring back what was deleted; the name that it has now. Raises `UserError`: it is gone for good."""
        with self._lock:
            name = shelf.bring_back(undo, self._reserved())
        self._changed()
        return name

    def wait(self, seconds: float) -> bool:
        """Until no job is left; whether that was in time."""
        return self._jobs.wait(seconds)

    def close(self) -> None:
        """End the jobs and remove what was uploaded. Twice does no harm."""
        self._jobs.close()
        self.uploads.close()

    def _add(self, job: Job) -> dict[str, Any]:
        try:
            return self._jobs.add(job)
        except UserError:
            job.finish(False)
            raise

    def _row(self, name: str) -> dict[str, Any] | None:
        try:
            stamp = listing.stamp(name)
            kept = self._rows.get(name)
            if kept is None or kept[0] != stamp:
                kept = self._rows[name] = (stamp, _enrolled(listing.described(name)))
            return kept[1]
        except UserError as error:
            if str(error) not in self._complained:
                self._complained.add(str(error))
                log.warning("left out: %s", error)
            return None

    def _reserved(self) -> set[str]:
        return {naming.key(name) for kind, name in self._jobs.busy() if kind == ENROL}

    def _check_own(self, name: str, todo: str) -> None:
        if not store.exists(name):
            if name in bundled_portraits():
                raise UserError(f"portrait {name}", "it comes with livecam", todo)
            raise UserError("portrait", "there is none of that name", "Look at the list again.")

    def _check_free(self, name: str) -> None:
        self._check_not_busy(name)
        if self._shown() == name:
            raise UserError(f"portrait {name}", "it is shown right now", "Show another one first.")

    def _check_not_busy(self, name: str) -> None:
        if (TUNE, name) in self._jobs.busy():
            raise UserError(f"portrait {name}", "it is being fine-tuned", "Wait until that is done.")

    def _changed(self) -> None:
        self._event({"personas": True})

    def _event(self, news: dict[str, Any]) -> None:
        try:
            self._tell(news)
        except Exception:
            log.exception("news of the gallery were not taken")


def _enrolled(said: dict[str, Any]) -> dict[str, Any]:
    name, sizes = said["name"], said["sizes"]
    source, created, pictures = (said.get(key) for key in ("source", "created", "pictures"))
    return {
        "name": name,
        "bundled": False,
        "source": source if isinstance(source, str) else None,
        "sizes": sizes,
        "created": created if isinstance(created, str) else "",
        "tuned": listing.tuned_steps(name, sizes[0]) if sizes else 0,
        "pictures": pictures if isinstance(pictures, int) else 1,
    }


def _bundled(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "bundled": True,
        "source": None,
        "sizes": [],
        "created": "",
        "tuned": 0,
        "pictures": 1,
    }
