"""The queue as a list model: what runs, what waits in its order, what has ended, newest first."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from wan_desktop.bridge.job_progress import fraction, kept_fraction
from wan_desktop.domain.job import Job, JobState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.events import Progress

    Index = QModelIndex | QPersistentModelIndex
    Key = tuple[int, float, str]

_GROUPS = {JobState.RUNNING: 0, JobState.PAUSED: 1, JobState.QUEUED: 1}
_ENDED_GROUP = 2


class JobListModel(QAbstractListModel):
    """One row per job of the session, kept in order row by row; nothing is ever reset after `loaded`.

    JobRole: the Job. FractionRole: 0 to 1 of the whole job. ProgressRole: the last events.Progress or None.
    PlaceRole: 1 for the first of those that run or wait, and so on; 0 for ended and paused ones, which keep their
    row among those that wait.
    `describe(job, place, progress)` makes the sentence for screen readers.
    """

    JobRole = Qt.ItemDataRole.UserRole + 1
    FractionRole = JobRole + 1
    ProgressRole = JobRole + 2
    PlaceRole = JobRole + 3

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._keys: list[Key] = []
        self._by_id: dict[str, Key] = {}
        self._resting: list[Key] = []
        self.describe: Callable[[Job, int, Progress | None], str] = lambda job, _place, _progress: (
            job.request.prompt
        )
        session.loaded.connect(self.reload)
        session.job_changed.connect(self._put)
        session.job_removed.connect(self._remove)
        session.progress.connect(self._progressed)
        session.pausing.connect(lambda job_id: self._tell(self.row_of(job_id), []))
        session.note.connect(lambda note: self._tell(self.row_of(note.job_id), []))
        self.reload()

    # ---- what views ask

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """The number of jobs."""
        return 0 if parent.isValid() else len(self._keys)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The value of a role, see the class."""
        job = self.job_at(index.row())
        if job is None:
            return None
        progress = self._session.last_progress.get(job.id)
        match role:
            case self.JobRole:
                return job
            case self.PlaceRole:
                return self._place(index.row(), job)
            case self.ProgressRole:
                return progress
            case self.FractionRole:
                return fraction(progress) if job.state is JobState.RUNNING else kept_fraction(job)
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.ToolTipRole:
                return job.request.prompt
            case Qt.ItemDataRole.AccessibleTextRole:
                return self.describe(job, self._place(index.row(), job), progress)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Waiting jobs can be dragged."""
        job = self.job_at(index.row())
        if job is None:
            return Qt.ItemFlag.NoItemFlags
        flags = super().flags(index) | Qt.ItemFlag.ItemNeverHasChildren
        if job.state is JobState.QUEUED:
            flags |= Qt.ItemFlag.ItemIsDragEnabled
        return flags

    def supportedDragActions(self) -> Qt.DropAction:
        """Dragging changes the order."""
        return Qt.DropAction.MoveAction

    # ---- what the panel asks

    def job_at(self, row: int) -> Job | None:
        """The job in that row, or None."""
        if not 0 <= row < len(self._keys):
            return None
        return self._session.jobs.get(self._keys[row][2])

    def row_of(self, job_id: str) -> int:
        """The row of a job, or -1."""
        key = self._by_id.get(job_id)
        return -1 if key is None else bisect_left(self._keys, key)

    def jobs(self) -> list[Job]:
        """All jobs in the order shown."""
        return [self._session.jobs[key[2]] for key in self._keys if key[2] in self._session.jobs]

    def waiting(self) -> list[Job]:
        """The waiting jobs in their order."""
        return [job for job in self.jobs() if job.state is JobState.QUEUED]

    def move_up(self, job_id: str) -> None:
        """Ask the session to put a waiting job one place forward."""
        ids = [job.id for job in self.waiting()]
        at = ids.index(job_id) if job_id in ids else 0
        if at > 0:
            self._session.move(job_id, ids[at - 1])

    def move_down(self, job_id: str) -> None:
        """Ask the session to put a waiting job one place back."""
        ids = [job.id for job in self.waiting()]
        at = ids.index(job_id) if job_id in ids else len(ids)
        if at < len(ids) - 1:
            self._session.move(job_id, ids[at + 2] if at + 2 < len(ids) else None)

    def move_before(self, job_ids: Sequence[str], row: int) -> None:
        """Ask the session to put waiting jobs, in their order, before the job in `row` (past the end: last)."""
        moving = set(job_ids)
        waiting = [job.id for job in self.waiting()]
        stay = [job_id for job_id in waiting if job_id not in moving and self.row_of(job_id) >= row]
        before = stay[0] if stay else None
        for job_id in (job_id for job_id in waiting if job_id in moving):
            self._session.move(job_id, before)

    # ---- what the session tells

    def reload(self) -> None:
        """Take all the session's jobs anew."""
        self.beginResetModel()
        self._by_id = {job.id: _key(job) for job in self._session.jobs.values()}
        self._keys = sorted(self._by_id.values())
        self._note_resting()
        self.endResetModel()

    def _put(self, job: Job) -> None:
        key, old = _key(job), self.row_of(job.id)
        if old < 0:
            row = bisect_left(self._keys, key)
            self.beginInsertRows(QModelIndex(), row, row)
            self._keys.insert(row, key)
            self._by_id[job.id] = key
            self.endInsertRows()
        else:
            self._replace(old, key)
        self._note_resting()
        self._tell(self.row_of(job.id), [])
        self._tell_places()

    def _replace(self, old: int, key: Key) -> None:
        new = bisect_left(self._keys, key)  # where it stands while the old key is still in the list
        if new in (old, old + 1):
            self._keys[old] = key
            self._by_id[key[2]] = key
            return
        self.beginMoveRows(QModelIndex(), old, old, QModelIndex(), new)
        del self._keys[old]
        self._keys.insert(new - 1 if new > old else new, key)
        self._by_id[key[2]] = key
        self.endMoveRows()

    def _remove(self, job_id: str) -> None:
        row = self.row_of(job_id)
        if row < 0:
            return
        self.beginRemoveRows(QModelIndex(), row, row)
        del self._keys[row]
        del self._by_id[job_id]
        self.endRemoveRows()
        self._note_resting()
        self._tell_places()

    def _progressed(self, progress: Progress) -> None:
        self._tell(self.row_of(progress.job_id), [self.FractionRole, self.ProgressRole])

    def _tell_places(self) -> None:
        last = bisect_left(self._keys, (_ENDED_GROUP, float("-inf"), "")) - 1
        if last >= 0:
            self.dataChanged.emit(self.index(0), self.index(last), [self.PlaceRole])

    def _tell(self, row: int, roles: list[int]) -> None:
        if row >= 0:
            self.dataChanged.emit(self.index(row), self.index(row), roles)

    def _place(self, row: int, job: Job) -> int:
        if job.state.ended or job.state is JobState.PAUSED:
            return 0
        return row + 1 - bisect_left(self._resting, self._keys[row])

    def _note_resting(self) -> None:
        resting = (job.id for job in self._session.jobs.values() if job.state is JobState.PAUSED)
        self._resting = sorted(self._by_id[job_id] for job_id in resting if job_id in self._by_id)


def _key(job: Job) -> Key:
    """Sorts as the store does: running, waiting by `order`, ended with the newest first."""
    group = _GROUPS.get(job.state, _ENDED_GROUP)
    if group == 0:
        return group, job.started_at or job.created_at, job.id
    if group == _ENDED_GROUP:
        return group, -(job.finished_at or job.created_at), job.id
    return group, job.order, job.id
