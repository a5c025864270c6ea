//! A report as a page that stands by itself: no script, nothing that is loaded from elsewhere, and
//! whatever people wrote is text in it and nothing else. It prints on white paper.

use super::{Block, Report, TITLE};
use crate::widget::safe::harmless;

/// Returns the page.
pub fn html(report: &Report) -> String {
    let mut page = String::from(BEGIN);
    page.push_str(&format!("<h1>{TITLE}</h1>\n<table class=\"head\">\n"));
    for (word, says) in &report.head {
        page.push_str(&format!("<tr><th>{word}</th><td>{}</td></tr>\n", text(says)));
    }
    page.push_str("</table>\n");
    for section in &report.sections {
        page.push_str(&format!("<h2>{}</h2>\n", section.title));
        let mut in_list = false;
        for block in &section.blocks {
            let is_line = matches!(block, Block::Line(_));
            if in_list != is_line {
                page.push_str(if is_line { "<ul>\n" } else { "</ul>\n" });
                in_list = is_line;
            }
            page.push_str(&match block {
                Block::Heading(words) => format!("<h3>{}</h3>\n", text(words)),
                Block::Line(words) => format!("<li>{}</li>\n", text(words)),
                Block::Text(words) => format!("<p class=\"note\">{}</p>\n", text(words)),
            });
        }
        if in_list {
            page.push_str("</ul>\n");
        }
    }
    page.push_str("<table class=\"foot\">\n");
    for (word, says) in &report.foot {
        page.push_str(&format!("<tr><th>{word}</th><td>{}</td></tr>\n", text(says)));
    }
    page.push_str("</table>\n</body>\n</html>\n");
    page
}

/// What no reader can take for anything but text: without letters that steer, and with every sign that
/// means something in a page written out.
fn text(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for letter in harmless(words).chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
    out
}

/// No name stands in the title: it is what a window, a history and a print queue show.
const BEGIN: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width">
<title>Progress report</title>
<style>
body { font: 11pt/1.45 Georgia, serif; color: #000; background: #fff; max-width: 42em;
  margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.5em; } h2 { font-size: 1.15em; border-bottom: 1px solid #000; margin-top: 1.6em; }
h3 { font-size: 1em; margin: 1em 0 .2em; }
ul { margin: .3em 0; padding-left: 1.3em; }
table { border-collapse: collapse; } th { text-align: left; padding-right: 1.5em; vertical-align: top; }
.note { white-space: pre-wrap; overflow-wrap: anywhere; margin: .2em 0 .6em 1.3em; }
.foot { margin-top: 3em; } .foot td { min-width: 20em; border-bottom: 1px solid #999; height: 2em; }
@media print { body { margin: 0; max-width: none; } h2, h3 { break-after: avoid; }
  .foot { break-inside: avoid; } }
@page { margin: 2cm; }
</style>
</head>
<body>
"#;
