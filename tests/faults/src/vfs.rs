//! The way into SQLite: a VFS that asks the plan, records what becomes durable, and leaves the rest
//! to the system's own VFS.
//!
//! SQLite gives each open file a block of memory. Its first part is ours ([`file::Shim`]), behind
//! it lies the system's part, and each of our methods calls the system's with that. Locks and the
//! shared memory of a write-ahead log are passed on as they are.

#![expect(unsafe_code, reason = "a VFS is called by C code, and calls it")]

mod file;

use crate::injector::{Verdict, store_of};
use crate::plan::Operation;
use file::{METHODS, Shim, Watched, failure, injector};
use rusqlite::ffi::{self, SQLITE_OK, sqlite3_file, sqlite3_filename, sqlite3_vfs};
use std::ffi::{CStr, OsStr, c_char, c_int};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

const NAME: &CStr = c"strongroom-faults";

/// Journals whose first sync includes their folder, as in `os_unix.c`.
const SYNCS_FOLDER: c_int =
    ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL | ffi::SQLITE_OPEN_WAL;

/// Makes this the VFS of every connection that is opened from now on.
///
/// # Panics
/// The present VFS is not SQLite's own for Unix, whose behaviour this one copies.
pub fn register() {
    // SAFETY: SQLite returns null or a VFS that stays registered.
    let real = unsafe { ffi::sqlite3_vfs_find(std::ptr::null()) };
    // SAFETY: as above; the name of a registered VFS is text.
    let name = unsafe { real.as_ref().map(|vfs| CStr::from_ptr(vfs.zName)) };
    assert_eq!(name, Some(c"unix"), "the system's VFS");
    // SAFETY: it is not null, as its name shows.
    let mut shim = unsafe { *real };
    shim.szOsFile += size_of::<Shim>() as c_int;
    shim.zName = NAME.as_ptr();
    shim.pAppData = real.cast();
    shim.pNext = std::ptr::null_mut();
    shim.xOpen = Some(open);
    shim.xDelete = Some(delete);
    // The other methods of the Unix VFS (clock, randomness, names) ignore their first argument.
    // SAFETY: the VFS lives as long as the process.
    let code = unsafe { ffi::sqlite3_vfs_register(Box::leak(Box::new(shim)), 1) };
    assert_eq!(code, SQLITE_OK, "the VFS is registered");
}

/// # Safety
/// `name` is null or a C string.
unsafe fn path_of(name: *const c_char) -> Option<PathBuf> {
    if name.is_null() {
        return None;
    }
    // SAFETY: it is a C string, by contract.
    let name = unsafe { CStr::from_ptr(name) };
    Some(Path::new(OsStr::from_bytes(name.to_bytes())).to_owned())
}

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite hands in a block of `szOsFile` bytes, which begins with room for a `Shim`.
    // Without methods SQLite does not close it.
    let shim = unsafe { Shim::begin(file) };
    // SAFETY: the name is a C string, or null for a temporary file without a name.
    let path = unsafe { path_of(name) };
    let store = path.as_deref().map(store_of);
    if let Some(store) = &store
        && let Verdict::Fail(code) = injector().at_operation(store, Operation::Open)
    {
        return failure(Operation::Open, code);
    }
    // Held until the file is recorded: no other thread opens or removes one of its name meanwhile.
    let mut disk = injector().disk();
    let was_there = path.as_ref().is_some_and(|path| path.exists());
    // SAFETY: `real` is the system's VFS, which `register` has put there. Behind the `Shim` lies
    // the room that it asked for. The name is passed on as SQLite made it.
    let code = unsafe {
        let real = (*vfs).pAppData.cast::<sqlite3_vfs>();
        let real_open = (*real).xOpen.expect("the system's VFS opens files");
        real_open(real, name, Shim::real(file), flags, out_flags)
    };
    if code != SQLITE_OK {
        return code;
    }
    shim.base.pMethods = &METHODS;
    if let (Some(path), Some(store)) = (path, store) {
        let id = disk.as_mut().map(|disk| disk.opened(&path, was_there));
        let syncs_folder = flags & SYNCS_FOLDER != 0 && flags & ffi::SQLITE_OPEN_CREATE != 0;
        shim.watch(Watched {
            path,
            store,
            id,
            syncs_folder: syncs_folder.into(),
        });
    }
    SQLITE_OK
}

unsafe extern "C" fn delete(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    sync_folder: c_int,
) -> c_int {
    let mut disk = injector().disk();
    // SAFETY: SQLite hands in a C string.
    let path = unsafe { path_of(name) };
    // SQLite removes only journals and logs. No thread has locks on them, which reading would
    // release.
    let content = path.as_ref().filter(|_| disk.is_some()).map(std::fs::read);
    // SAFETY: `real` is the system's VFS.
    let code = unsafe {
        let real = (*vfs).pAppData.cast::<sqlite3_vfs>();
        let real_delete = (*real).xDelete.expect("the system's VFS removes files");
        real_delete(real, name, sync_folder)
    };
    if code == SQLITE_OK
        && let (Some(disk), Some(path), Some(Ok(content))) = (&mut disk, path, content)
    {
        disk.removed(&path, content);
        if sync_folder & 1 != 0 {
            disk.folder_synced(&path);
        }
    }
    code
}
