//! The real disk: private, and no link is followed.

use super::*;

#[test]
fn a_real_folder_is_private_and_no_link_is_followed() {
    let folder = Folder::new();
    let path = folder.path().join("journal");
    let (mut journal, ..) = open(DiskFs::open(&path).unwrap(), config(2000));
    for number in 0..100_u8 {
        journal.append(&[(1, &[number; 40])]).unwrap();
    }
    journal.close().unwrap();

    let mode = |path: &Path| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    for entry in fs::read_dir(&path).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
    let (mut journal, frames, opened) = open(DiskFs::open(&path).unwrap(), config(2000));
    assert_eq!((frames.len(), opened.damage), (100, Vec::new()));
    while journal.collect(&mut |frame| frame.payload[0] > 70).unwrap().freed > 0 {}
    drop(journal);
    let (_, frames, _) = open(DiskFs::open(&path).unwrap(), config(2000));
    assert!(frames.len() < 60 && frames.iter().any(|frame| frame.payload[0] == 71));

    let disk = DiskFs::open(&path).unwrap();
    folder.overwrite("outside", b"not ours");
    symlink(folder.path().join("outside"), path.join("00000000000000aa.seg")).unwrap();
    assert!(disk.open("00000000000000aa.seg").is_err());
    assert!(disk.create_new("00000000000000aa.seg").is_err());
    assert!(disk.create_new("../escaped").is_err());
    assert!(disk.open("..").is_err());
    assert_eq!(fs::metadata(folder.path().join("outside")).unwrap().size(), 8);
}

#[test]
fn a_folder_that_others_could_read_is_closed_to_them() {
    let folder = Folder::new();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let disk = DiskFs::open(folder.path()).unwrap();
    let mode = fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700);
    assert_eq!(disk.list().unwrap(), Vec::<String>::new());
}

#[test]
fn short_and_interrupted_reads_go_on() {
    let fs = SimulatedFs::new(1);
    fs.put("name", b"0123456789");
    let file = fs.open("name").unwrap();
    fs.plan(Fault { after: 0, failure: Failure::Interrupted, sticky: false });
    assert_eq!(read_up_to(&fs, &file, 2, 100).unwrap(), b"23456789");
}
