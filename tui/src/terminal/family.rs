//! What the terminal can do, from a built-in table: no database is read and no question is sent.

/// The families that TERM is matched against.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Cannot place its cursor: the interface does not run on it.
    Dumb,
    /// A VT100 or VT220, or what claims to be one.
    Vt100,
    /// The Linux console.
    Linux,
    /// xterm and everything that is like it.
    Xterm,
    /// GNU screen.
    Screen,
    /// tmux.
    Tmux,
}

/// What a family can do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Family {
    /// Which one.
    pub kind: Kind,
    /// How many colours: 0, 8 or 16.
    pub colours: u8,
    /// A screen of its own beside the shell's (1049).
    pub alternate_screen: bool,
    /// The cursor can be hidden (25).
    pub cursor_hides: bool,
    /// Brackets around a paste (2004).
    pub bracketed_paste: bool,
    /// Tells when it gains or loses focus (1004).
    pub focus_events: bool,
    /// Has a title, with a stack to keep the old one on.
    pub title: bool,
    /// Shows a frame at once (2026).
    pub synchronized: bool,
    /// CHA and VPA.
    pub column_address: bool,
    /// Attributes can be taken off one by one (22, 24, 27).
    pub attributes_end: bool,
    /// Dim, italic and struck text.
    pub rich_text: bool,
    /// DECSTBM with SU and SD.
    pub scrolls: bool,
    /// ICH and DCH: the rest of a row moves.
    pub shifts: bool,
    /// Erases the lines that scrolled off (3J).
    pub erases_history: bool,
    /// Takes something into its clipboard (OSC 52), if its owner lets it.
    pub clipboard: bool,
}

impl Family {
    /// The family of a value of TERM.
    pub fn of(term: &str) -> Self {
        let name = term.split(['-', '.', '+']).next().unwrap_or_default();
        match name {
            "" | "dumb" | "unknown" => Self::DUMB,
            "linux" | "fbterm" => Self::LINUX,
            "screen" => Self::SCREEN.coloured(term),
            "tmux" => Self::TMUX.coloured(term),
            "xterm" => Self::XTERM.coloured(term),
            "rxvt" | "st" | "foot" | "alacritty" | "wezterm" | "ghostty" | "contour"
            | "konsole" | "gnome" | "vte" | "kitty" | "mintty" | "putty" | "iterm" | "iterm2"
            | "nsterm" => Self { colours: 16, ..Self::XTERM },
            _ if name.starts_with("vt1") || name.starts_with("vt2") => Self::VT100,
            _ => Self::XTERM,
        }
    }

    /// Plain `xterm` has 8 colours by its description; a name that counts higher has 16.
    fn coloured(self, term: &str) -> Self {
        let many = ["16color", "88color", "256color", "direct", "kitty", "ghostty"];
        if many.iter().any(|mark| term.contains(mark)) {
            return Self { colours: 16, ..self };
        }
        self
    }

    const DUMB: Self = Self {
        kind: Kind::Dumb,
        colours: 0,
        alternate_screen: false,
        cursor_hides: false,
        bracketed_paste: false,
        focus_events: false,
        title: false,
        synchronized: false,
        column_address: false,
        attributes_end: false,
        rich_text: false,
        scrolls: false,
        shifts: false,
        erases_history: false,
        clipboard: false,
    };

    const VT100: Self = Self { kind: Kind::Vt100, ..Self::DUMB };

    const LINUX: Self = Self {
        kind: Kind::Linux,
        colours: 8,
        cursor_hides: true,
        column_address: true,
        attributes_end: true,
        shifts: true,
        erases_history: true,
        ..Self::DUMB
    };

    const XTERM: Self = Self {
        kind: Kind::Xterm,
        alternate_screen: true,
        bracketed_paste: true,
        focus_events: true,
        title: true,
        synchronized: true,
        rich_text: true,
        scrolls: true,
        clipboard: true,
        ..Self::LINUX
    };

    /// Its title line is set by a sequence that others take for text, so it gets none.
    const SCREEN: Self = Self {
        kind: Kind::Screen,
        focus_events: false,
        title: false,
        synchronized: false,
        rich_text: false,
        scrolls: false,
        erases_history: false,
        clipboard: false,
        ..Self::XTERM
    };

    /// A tmux that honours 2026 redraws whole regions on a scroll, so it gets neither.
    const TMUX: Self =
        Self { kind: Kind::Tmux, synchronized: false, scrolls: false, ..Self::XTERM };
}

/// What is known of this terminal and of what its owner wants.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Profile {
    /// What it can do; without colours if its owner wants none.
    pub family: Family,
    /// Lines and marks of the interface are drawn in ASCII. Content stays as it is.
    pub ascii: bool,
    /// The keyboard is at the other end of SSH.
    pub remote: bool,
}

impl Profile {
    /// Reads TERM, NO_COLOR, the locale and SSH's mark through `variable`; `ascii` is the
    /// command line's `--ascii`.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>, ascii: bool) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let mut family = Family::of(&set("TERM").unwrap_or_default());
        if set("NO_COLOR").is_some() {
            family.colours = 0;
        }
        let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
        let unicode = locale.is_some_and(|name| {
            let name = name.to_ascii_lowercase();
            name.contains("utf-8") || name.contains("utf8")
        });
        let remote = set("SSH_CONNECTION").is_some() || set("SSH_TTY").is_some();
        Self { family, ascii: ascii || !unicode, remote }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(variables: &[(&str, &str)]) -> Profile {
        let read = |name: &str| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        Profile::from_environment(read, false)
    }

    #[test]
    fn each_name_finds_its_family_and_colours() {
        for (term, kind, colours) in [
            ("xterm", Kind::Xterm, 8),
            ("xterm-256color", Kind::Xterm, 16),
            ("xterm-kitty", Kind::Xterm, 16),
            ("alacritty", Kind::Xterm, 16),
            ("rxvt-unicode-256color", Kind::Xterm, 16),
            ("screen", Kind::Screen, 8),
            ("screen.xterm-256color", Kind::Screen, 16),
            ("tmux-256color", Kind::Tmux, 16),
            ("linux", Kind::Linux, 8),
            ("vt100", Kind::Vt100, 0),
            ("vt220", Kind::Vt100, 0),
            ("dumb", Kind::Dumb, 0),
            ("", Kind::Dumb, 0),
            ("something-new", Kind::Xterm, 8),
        ] {
            let family = Family::of(term);
            assert_eq!((family.kind, family.colours), (kind, colours), "{term}");
        }
    }

    #[test]
    fn no_color_takes_all_colours_and_an_empty_one_takes_none() {
        assert_eq!(profile(&[("TERM", "xterm"), ("NO_COLOR", "1")]).family.colours, 0);
        assert_eq!(profile(&[("TERM", "xterm"), ("NO_COLOR", "")]).family.colours, 8);
    }

    #[test]
    fn the_first_locale_that_is_set_decides_on_ascii() {
        assert!(profile(&[]).ascii);
        assert!(profile(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]).ascii);
        assert!(!profile(&[("LC_ALL", ""), ("LANG", "de_DE.utf8")]).ascii);
        assert!(!profile(&[("LC_CTYPE", "C.UTF-8")]).ascii);
    }
}
