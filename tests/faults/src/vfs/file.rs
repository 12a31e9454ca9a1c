//! The methods of an open file.

use crate::disk::{Edit, FileId};
use crate::injector::{Injector, Verdict, installed};
use crate::plan::{Code, Operation};
use rusqlite::ffi::{
    SQLITE_CANTOPEN, SQLITE_FCNTL_MMAP_SIZE, SQLITE_FULL, SQLITE_IOERR_CORRUPTFS,
    SQLITE_IOERR_FSYNC, SQLITE_IOERR_SHORT_READ, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE,
    SQLITE_NOTFOUND, SQLITE_OK, sqlite3_file, sqlite3_int64, sqlite3_io_methods,
};
use std::ffi::{c_int, c_void};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Version 2 has the shared memory of a write-ahead log. Version 3 would have files in memory too,
/// whose writes bypass the VFS.
pub static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Our part of an open file's memory; the system's lies behind it. Its size is a multiple of a
/// pointer's, as the system's part needs.
#[repr(C)]
pub struct Shim {
    pub base: sqlite3_file,
    /// Null for a temporary file without a name: it is of no use when the power is back.
    watched: *mut Watched,
}

/// A file that may have faults.
pub struct Watched {
    pub path: PathBuf,
    pub store: String,
    /// None if the plan does not depend on what is on disk.
    pub id: Option<FileId>,
    /// Whether the next sync includes the folder.
    pub syncs_folder: AtomicBool,
}

impl Shim {
    /// A file that is not open yet.
    ///
    /// # Safety
    /// `file` has room for a [`Shim`], and has no other user for as long as `'a` lasts.
    pub unsafe fn begin<'a>(file: *mut sqlite3_file) -> &'a mut Self {
        let shim = file.cast::<Self>();
        let closed = Self {
            base: sqlite3_file {
                pMethods: std::ptr::null(),
            },
            watched: std::ptr::null_mut(),
        };
        // SAFETY: by contract.
        unsafe {
            shim.write(closed);
            &mut *shim
        }
    }

    pub fn watch(&mut self, watched: Watched) {
        self.watched = Box::into_raw(Box::new(watched));
    }

    /// The system's part of a file.
    ///
    /// # Safety
    /// `file` is a [`Shim`] with room for the system's part behind it.
    pub unsafe fn real(file: *mut sqlite3_file) -> *mut sqlite3_file {
        // SAFETY: by contract.
        unsafe { file.cast::<Self>().add(1).cast() }
    }
}

/// # Panics
/// The process has no plan. It installs one before the VFS.
pub fn injector() -> &'static Injector {
    installed().expect("the plan is there before the VFS")
}

/// The code that the Unix VFS returns when the system fails.
pub fn failure(operation: Operation, code: Code) -> c_int {
    match (operation, code) {
        (Operation::Read, _) => SQLITE_IOERR_CORRUPTFS,
        (Operation::Write, Code::Eio) => SQLITE_IOERR_WRITE,
        (Operation::Write, Code::Enospc) => SQLITE_FULL,
        (Operation::Sync, _) => SQLITE_IOERR_FSYNC,
        (Operation::Truncate, _) => SQLITE_IOERR_TRUNCATE,
        (Operation::Open, _) => SQLITE_CANTOPEN,
    }
}

/// # Safety
/// `file` is one that our `open` has opened, and that is not closed before `'a` ends.
unsafe fn watched<'a>(file: *mut sqlite3_file) -> Option<&'a Watched> {
    // SAFETY: then it begins with a `Shim`, whose `watched` is null or a box that `close` alone
    // takes back.
    unsafe { (*file.cast::<Shim>()).watched.as_ref() }
}

/// Calls the system's method of a file that our `open` has opened, and that its caller, SQLite, has
/// not closed.
macro_rules! real {
    ($file:ident, $method:ident $(, $argument:expr)*) => {{
        // SAFETY: such a file has the system's part behind ours, opened, and so with the system's
        // methods. The arguments are SQLite's own, or buffers of ours that have the length that is
        // said.
        unsafe {
            let real = Shim::real($file);
            let method = (*(*real).pMethods).$method;
            method.expect("SQLite's own VFS has all methods")(real $(, $argument)*)
        }
    }};
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    let code = real!(file, xClose);
    // SAFETY: SQLite closes a file that is open, once, and does not use it meanwhile.
    unsafe {
        let shim = &mut *file.cast::<Shim>();
        shim.base.pMethods = std::ptr::null();
        if !shim.watched.is_null() {
            drop(Box::from_raw(shim.watched));
        }
    }
    code
}

unsafe extern "C" fn read(
    file: *mut sqlite3_file,
    buffer: *mut c_void,
    amount: c_int,
    offset: sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite reads a file that is open.
    if let Some(watched) = unsafe { watched(file) }
        && let Verdict::Fail(code) = injector().at_operation(&watched.store, Operation::Read)
    {
        return failure(Operation::Read, code);
    }
    real!(file, xRead, buffer, amount, offset)
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    buffer: *const c_void,
    amount: c_int,
    offset: sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite writes a file that is open.
    let Some(watched) = (unsafe { watched(file) }) else {
        return real!(file, xWrite, buffer, amount, offset);
    };
    // SAFETY: SQLite passes as many bytes as it says, and keeps them until this returns.
    let bytes = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), amount as usize) };
    match injector().at_operation(&watched.store, Operation::Write) {
        Verdict::Fail(code) => {
            // A failed write may have written a part.
            let part = &bytes[..bytes.len() / 2];
            // SAFETY: as above.
            let _ = unsafe { change(file, watched, offset, Some(part)) };
            failure(Operation::Write, code)
        }
        // SAFETY: as above.
        _ => unsafe { change(file, watched, offset, Some(bytes)) },
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: sqlite3_int64) -> c_int {
    // SAFETY: SQLite truncates a file that is open.
    let Some(watched) = (unsafe { watched(file) }) else {
        return real!(file, xTruncate, size);
    };
    match injector().at_operation(&watched.store, Operation::Truncate) {
        Verdict::Fail(code) => failure(Operation::Truncate, code),
        // SAFETY: as above.
        _ => unsafe { change(file, watched, size, None) },
    }
}

/// Writes bytes at a place, or has the file end there, and records it.
///
/// # Safety
/// `file` is open, and `watched` is its own.
unsafe fn change(
    file: *mut sqlite3_file,
    watched: &Watched,
    offset: sqlite3_int64,
    new: Option<&[u8]>,
) -> c_int {
    let mut disk = injector().disk();
    let before = disk.as_ref().map(|_| {
        // SAFETY: by contract.
        unsafe { present(file, new.map_or(usize::MAX, <[u8]>::len), offset) }
    });
    if let Some(Err(code)) = before {
        return code;
    }
    let code = match new {
        Some(new) => {
            let amount = new.len() as c_int;
            real!(file, xWrite, new.as_ptr().cast(), amount, offset)
        }
        None => real!(file, xTruncate, offset),
    };
    // A failed write may have written a part.
    if (code == SQLITE_OK || new.is_some())
        && let (Some(disk), Some(id), Some(Ok((old, old_size)))) = (&mut disk, watched.id, before)
    {
        let edit = Edit {
            offset: offset as u64,
            old,
            old_size,
            new: new.map(<[u8]>::to_vec),
        };
        disk.changed(&watched.path, id, edit);
        injector().note_change(disk);
    }
    code
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: SQLite syncs a file that is open.
    let Some(watched) = (unsafe { watched(file) }) else {
        return real!(file, xSync, flags);
    };
    match injector().at_operation(&watched.store, Operation::Sync) {
        Verdict::Pass => {}
        Verdict::Fail(code) => {
            watched.note_failed_sync();
            return failure(Operation::Sync, code);
        }
        Verdict::LosePower(loss) => injector().lose_power(loss),
    }
    // Other threads may write meanwhile; this sync need not cover that.
    let mark = injector().disk().map(|disk| disk.mark());
    let code = real!(file, xSync, flags);
    if code != SQLITE_OK {
        watched.note_failed_sync();
        return code;
    }
    let takes_folder = watched.syncs_folder.swap(false, Relaxed);
    if let (Some(mut disk), Some(id), Some(mark)) = (injector().disk(), watched.id, mark) {
        disk.synced(&watched.path, id, mark);
        if takes_folder {
            disk.folder_synced(&watched.path);
        }
        injector().note_change(&disk);
    }
    code
}

impl Watched {
    fn note_failed_sync(&self) {
        if let (Some(mut disk), Some(id)) = (injector().disk(), self.id) {
            disk.sync_failed(&self.path, id);
            injector().note_failure(&disk);
        }
    }
}

/// The bytes of a file at a place, fewer at its end, and its size.
///
/// # Safety
/// `file` is open.
unsafe fn present(
    file: *mut sqlite3_file,
    amount: usize,
    offset: sqlite3_int64,
) -> Result<(Vec<u8>, u64), c_int> {
    let mut size = 0;
    let code = real!(file, xFileSize, &raw mut size);
    if code != SQLITE_OK {
        return Err(code);
    }
    let size = size as u64;
    let there = size.saturating_sub(offset as u64);
    let mut bytes = vec![0_u8; amount.min(there as usize)];
    if bytes.is_empty() {
        return Ok((bytes, size));
    }
    let wanted = bytes.len() as c_int;
    match real!(file, xRead, bytes.as_mut_ptr().cast(), wanted, offset) {
        // Another process may have cut the file meanwhile: missing bytes are zero.
        SQLITE_OK | SQLITE_IOERR_SHORT_READ => Ok((bytes, size)),
        code => Err(code),
    }
}

/// Methods that are passed on as they are.
macro_rules! passed_on {
    ($($name:ident = $method:ident ($($argument:ident: $type:ty),*);)+) => {$(
        unsafe extern "C" fn $name(file: *mut sqlite3_file $(, $argument: $type)*) -> c_int {
            real!(file, $method $(, $argument)*)
        }
    )+};
}

passed_on! {
    file_size = xFileSize(size: *mut sqlite3_int64);
    lock = xLock(level: c_int);
    unlock = xUnlock(level: c_int);
    check_reserved_lock = xCheckReservedLock(result: *mut c_int);
    sector_size = xSectorSize();
    device_characteristics = xDeviceCharacteristics();
    shm_map = xShmMap(region: c_int, size: c_int, extend: c_int, memory: *mut *mut c_void);
    shm_lock = xShmLock(offset: c_int, count: c_int, flags: c_int);
    shm_unmap = xShmUnmap(delete: c_int);
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    real!(file, xShmBarrier);
}

unsafe extern "C" fn file_control(
    file: *mut sqlite3_file,
    operation: c_int,
    argument: *mut c_void,
) -> c_int {
    // A mapped file would hide the writes to it.
    if operation == SQLITE_FCNTL_MMAP_SIZE {
        return SQLITE_NOTFOUND;
    }
    real!(file, xFileControl, operation, argument)
}
