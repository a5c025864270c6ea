//! What an owner, a thief and a failing disk get to see of a vault.

use super::*;
use crate::id::{DevInc, DeviceId, MemberId, PracticeId};
use crate::random::Seeded;
use proptest::prelude::*;
use std::sync::OnceLock;

const DEVICE_SECRET_BYTES: [u8; 32] = [5; 32];

fn passphrase(text: &str) -> Passphrase {
    Passphrase::from_text(text).unwrap()
}

fn general(seed: u64) -> General {
    let mut extra = Extra::default();
    extra.put(300, Zeroizing::new(b"a value of another part".to_vec())).unwrap();
    General {
        practice: PracticeId::from_bytes([1; 16]),
        member: MemberId::from_bytes([2; 16]),
        device: DeviceId::from_bytes([3; 16]),
        dev_inc: DevInc::new(1),
        keys: DeviceSecrets::generate(&mut Seeded::new(seed)),
        extra,
    }
}

fn setup() -> VaultSetup {
    VaultSetup { cost: KdfCost::FLOOR, device_name: "Laptop A".to_owned() }
}

/// One vault with everything in it: opened by "correct horse" and the device secret.
fn written() -> &'static [u8] {
    static WRITTEN: OnceLock<Vec<u8>> = OnceLock::new();
    WRITTEN.get_or_init(|| {
        let (typed, secret) = (passphrase("correct horse"), device_secret());
        let factors = Factors { passphrase: &typed, device_secret: Some(&secret) };
        let second = SecretKey::from_bytes([6; 32]);
        Vault::create(&setup(), &general(1), Some(&second), factors, &mut Seeded::new(2)).unwrap()
    })
}

fn device_secret() -> SecretKey {
    SecretKey::from_bytes(DEVICE_SECRET_BYTES)
}

fn open(bytes: &[u8], text: &str) -> Result<Open, VaultError> {
    let (typed, secret) = (passphrase(text), device_secret());
    Vault::open(bytes, Factors { passphrase: &typed, device_secret: Some(&secret) })
}

/// Writes `change` into the file and makes its checksum right again, as a forger would.
fn forged(change: impl FnOnce(&mut VaultFile)) -> Vec<u8> {
    let mut file = VaultFile::decode(written()).unwrap();
    change(&mut file);
    file.encode()
}

#[test]
fn the_right_passphrase_opens_the_vault_and_its_keys() {
    let opened = open(written(), "correct horse").unwrap();

    assert_eq!(opened.header.device_name, "Laptop A");
    assert_eq!(opened.general.device, DeviceId::from_bytes([3; 16]));
    assert_eq!(opened.general.keys.sign.seed(), general(1).keys.sign.seed());
    let (practice, member) = (opened.general.practice, opened.general.member);
    let public = opened.general.keys.prove(practice, member, opened.general.device);
    assert!(public.proven(practice, member));
    assert_eq!(public.kem, general(1).keys.kem.public().published());
    assert_eq!(opened.general.extra.value(300), Some(b"a value of another part".as_slice()));
}

#[test]
fn the_lock_screen_reads_the_header_without_a_passphrase() {
    let header = Vault::read_header(written()).unwrap();

    assert_eq!(header.device_name, "Laptop A");
    assert_eq!(header.cost, KdfCost::FLOOR);
    assert!(header.needs_device_secret);
}

#[test]
fn each_thing_that_is_wrong_has_its_own_name() {
    let typed = passphrase("correct horse");
    let other = SecretKey::from_bytes([7; 32]);
    let with = |device_secret| Factors { passphrase: &typed, device_secret };

    assert_eq!(open(written(), "correct hors").unwrap_err(), VaultError::WrongPassphrase);
    let missing = Vault::open(written(), with(None)).unwrap_err();
    assert_eq!(missing, VaultError::MissingDeviceSecret);
    let exchanged = Vault::open(written(), with(Some(&other))).unwrap_err();
    assert_eq!(exchanged, VaultError::WrongDeviceSecret);
    assert_eq!(Vault::read_header(b"").unwrap_err(), VaultError::Empty);
    assert_eq!(Vault::read_header(&[0; 4096]).unwrap_err(), VaultError::Empty);
    assert_eq!(Vault::read_header(b"TACV").unwrap_err(), VaultError::Truncated);
    assert_eq!(Vault::read_header(b"a diary").unwrap_err(), VaultError::Damaged);
}

#[test]
fn a_newer_file_is_not_called_damaged() {
    let mut newer = written().to_vec();
    newer[9] = 2;
    let crc = crc32fast::hash(&newer[..14]);
    newer[14..18].copy_from_slice(&crc.to_be_bytes());
    let end = newer.len() - 32;
    let checksum = suite::hash(label::VAULT_CHECKSUM, &[&newer[..end]]);
    newer[end..].copy_from_slice(checksum.as_bytes());
    assert_eq!(Vault::read_header(&newer).unwrap_err(), VaultError::NewerVersion);

    // A section that needs a factor of a newer version.
    let factor = forged(|file| file.sections[0].factors |= 4);
    assert_eq!(open(&factor, "correct horse").unwrap_err(), VaultError::NewerVersion);
}

#[test]
fn what_a_forger_changes_does_not_open() {
    let renamed = forged(|file| file.device_name = "Laptop B".to_owned());
    assert_eq!(open(&renamed, "correct horse").unwrap_err(), VaultError::Damaged);

    let swapped = forged(|file| {
        let commitment = file.sections[1].commitment;
        file.sections[0].commitment = commitment;
    });
    assert_eq!(open(&swapped, "correct horse").unwrap_err(), VaultError::WrongPassphrase);

    let without_secret = forged(|file| {
        file.device_secret = None;
        file.sections[0].factors = 1;
    });
    assert_eq!(open(&without_secret, "correct horse").unwrap_err(), VaultError::WrongPassphrase);
}

#[test]
fn the_second_secret_is_in_no_other_section() {
    let (typed, secret) = (passphrase("correct horse"), device_secret());
    let factors = Factors { passphrase: &typed, device_secret: Some(&secret) };

    let second = Vault::open_second_secret(written(), factors).unwrap();

    assert_eq!(second.expose(), &[6; 32]);
    let general = open(written(), "correct horse").unwrap().general.encode();
    assert!(!general.windows(32).any(|window| window == [6; 32]));
}

#[test]
fn another_passphrase_opens_the_same_keys_and_the_old_one_nothing() {
    let (old, new) = (passphrase("correct horse"), passphrase("battery staple"));
    let secret = device_secret();
    let factors = Factors { passphrase: &old, device_secret: Some(&secret) };
    let random = &mut Seeded::new(9);

    let changed =
        Vault::with_new_passphrase(written(), factors, &new, KdfCost::FLOOR, random).unwrap();

    let opened = open(&changed, "battery staple").unwrap();
    assert_eq!(opened.general.keys.hedge.expose(), general(1).keys.hedge.expose());
    assert_eq!(opened.general.extra.value(300), Some(b"a value of another part".as_slice()));
    assert_eq!(open(&changed, "correct horse").unwrap_err(), VaultError::WrongPassphrase);
    let factors = Factors { passphrase: &new, ..factors };
    assert_eq!(Vault::open_second_secret(&changed, factors).unwrap().expose(), &[6; 32]);
}

#[test]
fn an_open_vault_saves_without_asking_again() {
    let mut opened = open(written(), "correct horse").unwrap();
    opened.general.dev_inc = opened.general.dev_inc.next();

    let saved = opened.save(written(), &mut Seeded::new(4)).unwrap();

    assert_eq!(open(&saved, "correct horse").unwrap().general.dev_inc, DevInc::new(2));
    let moved = forged(|file| file.sections[0].commitment = [0; 32]);
    assert!(opened.save(&moved, &mut Seeded::new(4)).is_err());
}

#[test]
fn a_vault_without_a_second_factor_can_be_given_a_second_secret() {
    let typed = passphrase("correct horse");
    let factors = Factors { passphrase: &typed, device_secret: None };
    let random = &mut Seeded::new(5);
    let plain = Vault::create(&setup(), &general(3), None, factors, random).unwrap();
    assert!(!Vault::read_header(&plain).unwrap().needs_device_secret);
    let none = Vault::open_second_secret(&plain, factors).unwrap_err();
    assert_eq!(none, VaultError::MissingSection);

    let second = SecretKey::from_bytes([8; 32]);
    let with = Vault::with_second_secret(&plain, factors, &second, random).unwrap();

    assert_eq!(Vault::open_second_secret(&with, factors).unwrap().expose(), &[8; 32]);
}

#[test]
fn what_the_vault_does_not_take_is_refused() {
    let typed = passphrase("x");
    let factors = Factors { passphrase: &typed, device_secret: None };
    let long = VaultSetup { device_name: "n".repeat(129), ..setup() };
    let error = Vault::create(&long, &general(1), None, factors, &mut Seeded::new(1)).unwrap_err();
    assert_eq!(error, VaultError::DeviceNameTooLong);

    let mut extra = Extra::default();
    let value = || Zeroizing::new(vec![0; 10]);
    assert_eq!(extra.put(9, value()), Err(VaultError::ValueRefused));
    assert_eq!(extra.put(300, Zeroizing::new(vec![0; 20_000])), Err(VaultError::ValueRefused));
    assert_eq!(extra.put(300, value()), Ok(()));
}

#[test]
fn the_format_of_the_file_never_changes() {
    assert_eq!(hex(written()), VECTOR);
}

#[test]
fn nothing_secret_shows_itself() {
    let opened = open(written(), "correct horse").unwrap();
    let shown = format!("{:?} {:?}", opened, opened.general);

    assert_eq!(
        shown,
        "Open { header: VaultHeader { vault_id: [ID], cost: KdfCost { memory_kib: 65536, \
         passes: 3, lanes: 1 }, device_name: \"Laptop A\", needs_device_secret: true }, .. } \
         General { practice: PracticeId(01010101010101010101010101010101), \
         member: MemberId(02020202020202020202020202020202), \
         device: DeviceId(03030303030303030303030303030303), dev_inc: DevInc(1), \
         keys: DeviceSecrets { sign: SigningKey(redacted), kem: KemKey(redacted), \
         tls: SigningKey(redacted), hedge: SecretKey(redacted), local: SecretKey(redacted) }, \
         extra: Extra(1 redacted) }"
            .replace("[ID]", &format!("{:?}", opened.header.vault_id))
    );
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

proptest! {
    #[test]
    fn a_flipped_bit_anywhere_is_damage(place: proptest::sample::Index, bit in 0..8_u8) {
        let mut bytes = written().to_vec();
        bytes[place.index(written().len())] ^= 1 << bit;
        prop_assert_eq!(Vault::read_header(&bytes).unwrap_err(), VaultError::Damaged);
    }

    #[test]
    fn a_file_that_was_cut_is_truncated(cut: proptest::sample::Index) {
        let end = cut.index(written().len());
        let expected = if end == 0 { VaultError::Empty } else { VaultError::Truncated };
        prop_assert_eq!(Vault::read_header(&written()[..end]).unwrap_err(), expected);
    }

    #[test]
    fn bytes_after_the_end_are_damage(more in proptest::collection::vec(any::<u8>(), 1..40)) {
        let longer = [written(), &more].concat();
        prop_assert_eq!(Vault::read_header(&longer).unwrap_err(), VaultError::Damaged);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 1..400)) {
        prop_assert!(Vault::read_header(&bytes).is_err());
    }
}

const VECTOR: &str = concat!(
    "5441435641554c540001000002799e6bf7038b51c3fda5fd9289afbdf19256262f3201000100000000000300",
    "00000185aa02e83700d2a3981b6aa10a5a1c250193f17666392bacc2500cf16ae3e24942c98039d6fc0e8817",
    "94360c7a46765cc3000000084c6170746f7020410000000201036c11fac6a78192eb13fe6115e971d3e8b284",
    "dd6ec359f823dbbba581415bcde9a56a629d308bc1d28c31788a4c39b44f6aa76ba0f706aa7c0000013792a4",
    "ff27a1846ab5f5a46a3fcbfe50aaffbe4f3cff2e3435569fb0701db477ef67491b75baacd722e3a5d69f6c3a",
    "6dcbb2f538d70fdbd0269d9b8654f33fdf20f953ff9a8285bb08f36909a2d3ef5dfbfe72eabc2e6a1d2b1066",
    "d20457f0f90649a759f4641f7e8d1b89e9d362e8b56e20f3f226676cac14d8162e3919765bbfc0353f8d79df",
    "ef8aaf19c215d9c315a7ea3a69ca1da49184cedc5bfc6406eef235564a09b62d8e5e09c244e9d125eff4f041",
    "81a1eb7c1d35b49080212aabb61816df091aa421d706dfcd5d0f324a2cb9003b8685ce265aad4786928747f5",
    "1ca19bfe43b52d721c1b6087142ed879862cfd99e9367ae124cb560bb4e97e11135994ee7fdca3a76a8c19c8",
    "aad8ff12625d135fae1b82e1e69980a15207a365575f9899be39165d8bef44184bd80472fb17d20c0e815e4d",
    "7803036fa7f89529ba1706096feba85251e0315bad00ccba50ac1aa4fa842c44e2387f0126b975623d3ac134",
    "0f68f30f5d54f05a6e184653957acc000000365f8a282e011079207b31fd87d25edc02bc734d556f0c03a041",
    "2c6c4e8acadb0356c90a6aea55196a5ef28765d24c4fe85d84f8a54fe563c76ff9544f27da18b259141eeef4",
    "903edcd48b672d106db0cdb1a4498b5afb",
);
