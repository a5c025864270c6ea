//! What a person is told when the erasure of one record stops on this device.

use crate::notice::Notice;

pub(super) fn kept_here() -> Notice {
    Notice::new(
        "A note or another single record was ordered to be erased that a legal hold keeps, or that was taken back.",
        "This device keeps it, with everything else in that chart. The server and other devices may have erased it.",
        "Look with `tacenda erase list`, and export it if you need it (`tacenda export`).",
    )
}

pub(super) fn unsigned() -> Notice {
    Notice::new(
        "One record was ordered to be erased, and in that chart a draft was ended of which no \
         signed note is here.",
        "Nothing was erased here: the words of that draft may be nowhere else.",
        "Look for the draft in the chart, and export it if you need it (`tacenda export`). If \
         nobody you know has ended it, revoke that device.",
    )
}

pub(super) fn differs() -> Notice {
    Notice::new(
        "One record was ordered to be erased, and what the other device wants to leave of the rest \
         of that chart is not what this device has.",
        "This device keeps all of it and does not carry the order out. The server has given up the \
         older keys, so that devices that join later read what the other device has left.",
        "Export the chart here (`tacenda export`), and ask who ordered the erasure \
         (`tacenda erase list`). If it was nobody you know, revoke that device.",
    )
}

pub(super) fn locked() -> Notice {
    Notice::new(
        "One record was ordered to be erased, and something else in that chart does not open here: \
         its key has not come.",
        "Nothing was erased here, so that nothing else is lost.",
        "Open Tacenda on the device that wrote it and let it connect; if there is none any more, \
         export the chart (`tacenda export`) and erase all of it.",
    )
}
