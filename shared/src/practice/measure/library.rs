//! The instruments that come with the product. Each file is kept as it was checked, with its terms and
//! its worked cases; `docs/licences.md` lists the notices.

use super::form::Form;
use super::read::read;
use std::sync::{Arc, LazyLock};

/// The files, by the id of the instrument.
pub(super) const FILES: &[(&str, &str)] = &[
    ("asq", include_str!("../../../data/instruments/asq.toml")),
    ("audit-c", include_str!("../../../data/instruments/audit-c.toml")),
    ("ces-d", include_str!("../../../data/instruments/ces-d.toml")),
    ("gad-2", include_str!("../../../data/instruments/gad-2.toml")),
    ("gad-7", include_str!("../../../data/instruments/gad-7.toml")),
    ("gds-15", include_str!("../../../data/instruments/gds-15.toml")),
    ("k10", include_str!("../../../data/instruments/k10.toml")),
    ("k6", include_str!("../../../data/instruments/k6.toml")),
    ("pc-ptsd-5", include_str!("../../../data/instruments/pc-ptsd-5.toml")),
    ("pcl-5", include_str!("../../../data/instruments/pcl-5.toml")),
    ("phq-15", include_str!("../../../data/instruments/phq-15.toml")),
    ("phq-2", include_str!("../../../data/instruments/phq-2.toml")),
    ("phq-4", include_str!("../../../data/instruments/phq-4.toml")),
    ("phq-8", include_str!("../../../data/instruments/phq-8.toml")),
    ("phq-9", include_str!("../../../data/instruments/phq-9.toml")),
];

static ALL: LazyLock<Vec<Arc<Form>>> = LazyLock::new(|| {
    // A test reads every file; one that does not read would not be there.
    let forms = FILES.iter().filter_map(|(_, text)| read(text).ok()).flatten();
    forms.map(Arc::new).collect()
});

/// Returns every form that comes with the product, by id.
pub fn all() -> &'static [Arc<Form>] {
    &ALL
}

/// Returns one of them.
pub fn named(id: &str) -> Option<&'static Arc<Form>> {
    ALL.iter().find(|form| form.id == id)
}

/// Whether an id belongs to an instrument that comes with the product, or to a form of it.
pub fn is_taken(id: &str) -> bool {
    FILES.iter().any(|(known, _)| *known == id) || named(id).is_some()
}
