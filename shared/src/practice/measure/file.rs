//! The file of an instrument as it is written (TOML). A field that is not named here is refused;
//! those that only say where the words come from are passed over.

use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) id: Spanned<String>,
    pub(super) title: Spanned<String>,
    pub(super) abbreviation: Spanned<String>,
    pub(super) version: Spanned<String>,
    pub(super) language: Spanned<String>,
    pub(super) respondent: Spanned<String>,
    pub(super) timeframe: Spanned<String>,
    pub(super) timeframe_is_stem: bool,
    pub(super) instruction: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) examples: Vec<Spanned<String>>,
    pub(super) ship: Spanned<String>,
    pub(super) answer_sets: BTreeMap<String, Spanned<Vec<ChoiceText>>>,
    pub(super) items: Vec<Spanned<ItemText>>,
    #[serde(default)]
    pub(super) variants: Vec<Spanned<VariantText>>,
    pub(super) scoring: Spanned<ScoringText>,
    #[serde(default)]
    pub(super) bands: Vec<Spanned<BandText>>,
    #[serde(default)]
    pub(super) cut_offs: Vec<Spanned<CutOffText>>,
    #[serde(default)]
    pub(super) change: Vec<Spanned<ChangeText>>,
    #[serde(default)]
    pub(super) algorithms: Vec<Spanned<AlgorithmText>>,
    #[serde(default)]
    pub(super) flags: Vec<Spanned<RemarkText>>,
    pub(super) risk: Spanned<RiskText>,
    pub(super) licence: LicenceText,
    pub(super) cases: Vec<Spanned<CaseText>>,
    #[serde(rename = "acuity_instruction_note")]
    _acuity_instruction_note: Option<IgnoredAny>,
    #[serde(rename = "instruction_note")]
    _instruction_note: Option<IgnoredAny>,
    #[serde(rename = "loinc")]
    _loinc: Option<IgnoredAny>,
    #[serde(rename = "sources")]
    _sources: Option<IgnoredAny>,
    #[serde(rename = "wording_checked")]
    _wording_checked: Option<IgnoredAny>,
    #[serde(rename = "wording_notes")]
    _wording_notes: Option<IgnoredAny>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChoiceText {
    pub(super) value: u8,
    pub(super) label: String,
    #[serde(rename = "on_form")]
    _on_form: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ItemText {
    pub(super) number: u8,
    pub(super) text: String,
    pub(super) text_us: Option<String>,
    pub(super) answers: String,
    pub(super) scored: bool,
    #[serde(default)]
    pub(super) reverse: bool,
    #[serde(default)]
    pub(super) risk: bool,
    #[serde(default)]
    pub(super) gate: bool,
    #[serde(default)]
    pub(super) acuity: bool,
    #[serde(default)]
    pub(super) may_not_apply: bool,
    pub(super) asked_when: Option<String>,
    pub(super) point_for: Option<String>,
    pub(super) subscale: Option<String>,
    #[serde(default)]
    pub(super) follow_up: Vec<String>,
    #[serde(rename = "answer_note")]
    _answer_note: Option<IgnoredAny>,
    #[serde(rename = "applies_to")]
    _applies_to: Option<IgnoredAny>,
    #[serde(rename = "follow_up_note")]
    _follow_up_note: Option<IgnoredAny>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VariantText {
    pub(super) id: String,
    pub(super) timeframe: String,
    pub(super) item_text: String,
    pub(super) answer_set: String,
    pub(super) min: u32,
    pub(super) max: u32,
    pub(super) band_sets: Vec<String>,
    #[serde(rename = "default")]
    _default: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScoringText {
    pub(super) operation: String,
    pub(super) items: Vec<u8>,
    pub(super) required_items: Vec<u8>,
    #[serde(default)]
    pub(super) reverse_items: Vec<u8>,
    pub(super) reverse_from: Option<u8>,
    #[serde(default = "one")]
    pub(super) multiplier: u8,
    pub(super) min: u32,
    pub(super) max: u32,
    pub(super) higher_is: String,
    pub(super) prorating: bool,
    #[serde(default)]
    pub(super) subscales: Vec<SubscaleText>,
    #[serde(default)]
    pub(super) counts: Vec<CountText>,
    #[serde(default)]
    pub(super) skip: Vec<SkipText>,
    #[serde(default)]
    pub(super) not_applicable_items: Vec<u8>,
    #[serde(default)]
    pub(super) not_applicable_value: u8,
    #[serde(default)]
    pub(super) point_for_yes: Vec<u8>,
    #[serde(default)]
    pub(super) point_for_no: Vec<u8>,
    #[serde(default)]
    pub(super) positive_values: Vec<u8>,
    pub(super) acuity_item: Option<u8>,
    pub(super) results: Option<ResultsText>,
    #[serde(rename = "method")]
    _method: Option<IgnoredAny>,
    #[serde(rename = "complete_note")]
    _complete_note: Option<IgnoredAny>,
    #[serde(rename = "max_without_item_4")]
    _max_without_item_4: Option<IgnoredAny>,
    #[serde(rename = "range_note")]
    _range_note: Option<IgnoredAny>,
    #[serde(rename = "reverse_formula")]
    _reverse_formula: Option<IgnoredAny>,
    #[serde(rename = "skip_source")]
    _skip_source: Option<IgnoredAny>,
}

const fn one() -> u8 {
    1
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResultsText {
    pub(super) negative: String,
    pub(super) non_acute: String,
    pub(super) acute: String,
    pub(super) unknown: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SubscaleText {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) items: Vec<u8>,
    #[serde(default = "one")]
    pub(super) multiplier: u8,
    pub(super) min: u32,
    pub(super) max: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CountText {
    pub(super) id: String,
    pub(super) items: Vec<u8>,
    pub(super) value: u8,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SkipText {
    pub(super) when: Option<String>,
    pub(super) when_item: Option<u8>,
    pub(super) equals: Option<u8>,
    pub(super) equals_label: Option<String>,
    pub(super) skip_items: Vec<u8>,
    pub(super) score_as: Option<u8>,
    pub(super) score_as_label: Option<String>,
    #[serde(default)]
    pub(super) optional: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BandText {
    pub(super) set: String,
    pub(super) of: String,
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) label: String,
    pub(super) source: String,
    pub(super) variant: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CutOffText {
    pub(super) id: String,
    pub(super) of: String,
    pub(super) op: String,
    pub(super) value: u32,
    pub(super) label: String,
    pub(super) source: String,
    #[serde(rename = "applies_to")]
    _applies_to: Option<IgnoredAny>,
    #[serde(rename = "default")]
    _default: Option<IgnoredAny>,
    #[serde(rename = "note")]
    _note: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeText {
    pub(super) id: String,
    pub(super) of: String,
    pub(super) points: Option<u32>,
    pub(super) percent_drop: Option<u32>,
    pub(super) below: Option<u32>,
    pub(super) label: String,
    pub(super) source: String,
    #[serde(default = "yes")]
    pub(super) used: bool,
}

const fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AlgorithmText {
    pub(super) id: String,
    pub(super) words: String,
    pub(super) kind: String,
    pub(super) at_least: u8,
    #[serde(default)]
    pub(super) count_items: Vec<u8>,
    #[serde(default)]
    pub(super) exceptions: Vec<ExceptionText>,
    #[serde(default)]
    pub(super) core_items: Vec<u8>,
    #[serde(default)]
    pub(super) core_needed: u32,
    #[serde(default)]
    pub(super) results: Vec<AlgorithmResultText>,
    #[serde(default)]
    pub(super) clusters: Vec<ClusterText>,
    pub(super) met: Option<String>,
    pub(super) otherwise: String,
    pub(super) source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExceptionText {
    pub(super) item: u8,
    pub(super) at_least: u8,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AlgorithmResultText {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) label: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClusterText {
    pub(super) subscale: String,
    pub(super) needed: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RemarkText {
    pub(super) id: String,
    pub(super) words: String,
    pub(super) kind: String,
    pub(super) of: String,
    pub(super) op: String,
    pub(super) value: u32,
    pub(super) zero_items: Vec<u8>,
    pub(super) source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RiskText {
    pub(super) rule: String,
    #[serde(default)]
    pub(super) optional: bool,
    #[serde(default)]
    pub(super) conditions: Vec<ConditionText>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConditionText {
    pub(super) item: u8,
    pub(super) op: String,
    pub(super) value: Option<u8>,
    #[serde(default)]
    pub(super) values: Vec<u8>,
    pub(super) flag: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LicenceText {
    pub(super) notice: Spanned<String>,
    #[serde(rename = "conflict")]
    _conflict: Option<IgnoredAny>,
    #[serde(rename = "decision")]
    _decision: Option<IgnoredAny>,
    #[serde(rename = "notice_note")]
    _notice_note: Option<IgnoredAny>,
    #[serde(rename = "reason")]
    _reason: Option<IgnoredAny>,
    #[serde(rename = "source")]
    _source: Option<IgnoredAny>,
    #[serde(rename = "terms")]
    _terms: Option<IgnoredAny>,
    #[serde(rename = "terms_read")]
    _terms_read: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseText {
    pub(super) name: String,
    pub(super) answers: Vec<i16>,
    pub(super) variant: Option<String>,
    pub(super) expected: ExpectedText,
    #[serde(rename = "computed_by")]
    _computed_by: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectedText {
    pub(super) complete: bool,
    pub(super) total: Option<u32>,
    #[serde(default)]
    pub(super) subscales: BTreeMap<String, u32>,
    #[serde(default)]
    pub(super) counts: BTreeMap<String, u32>,
    #[serde(default)]
    pub(super) bands: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) cut_offs: BTreeMap<String, bool>,
    #[serde(default)]
    pub(super) algorithm: BTreeMap<String, String>,
    pub(super) result: Option<String>,
    #[serde(default)]
    pub(super) flags: Vec<String>,
}
