//! Every published bypass and format advisory that concerns these formats, one test each, named by its id.
//!
//! The samples are made by `benches/corpus/malicious.py`, which needs Python's standard library only. Payloads are inert,
//! and nothing is ever loaded.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use cleanbill_core::Severity;
use cleanbill_formats::Format;
use cleanbill_scan::{DETECTORS, Options, scan, source::Folder};

/// Declares a test for each advisory: every sample that names it must be reported at high or above.
macro_rules! advisories {
    ($($test:ident = $id:literal,)*) => {
        const ADVISORIES: &[&str] = &[$($id,)*];
        $(#[test] fn $test() { check($id); })*
    };
}

advisories! {
    civitai_model_scanner_6 = "civitai-model-scanner-6",
    cpython_154848 = "cpython-154848",
    cve_2017_18342 = "CVE-2017-18342",
    cve_2019_6446 = "CVE-2019-6446",
    cve_2020_13092 = "CVE-2020-13092",
    cve_2020_14343 = "CVE-2020-14343",
    cve_2021_29541 = "CVE-2021-29541",
    cve_2021_32797 = "CVE-2021-32797",
    cve_2021_32798 = "CVE-2021-32798",
    cve_2021_32862 = "CVE-2021-32862",
    cve_2021_42574 = "CVE-2021-42574",
    cve_2022_23558 = "CVE-2022-23558",
    cve_2022_23559 = "CVE-2022-23559",
    cve_2022_25882 = "CVE-2022-25882",
    cve_2022_45907 = "CVE-2022-45907",
    cve_2023_43472 = "CVE-2023-43472",
    cve_2023_48299 = "CVE-2023-48299",
    cve_2024_0129 = "CVE-2024-0129",
    cve_2024_0520 = "CVE-2024-0520",
    cve_2024_0521 = "CVE-2024-0521",
    cve_2024_21802 = "CVE-2024-21802",
    cve_2024_21825 = "CVE-2024-21825",
    cve_2024_21836 = "CVE-2024-21836",
    cve_2024_23496 = "CVE-2024-23496",
    cve_2024_23605 = "CVE-2024-23605",
    cve_2024_25664 = "CVE-2024-25664",
    cve_2024_25665 = "CVE-2024-25665",
    cve_2024_25666 = "CVE-2024-25666",
    cve_2024_25667 = "CVE-2024-25667",
    cve_2024_25668 = "CVE-2024-25668",
    cve_2024_27318 = "CVE-2024-27318",
    cve_2024_27322 = "CVE-2024-27322",
    cve_2024_34359 = "CVE-2024-34359",
    cve_2024_34997 = "CVE-2024-34997",
    cve_2024_3660 = "CVE-2024-3660",
    cve_2024_48063 = "CVE-2024-48063",
    cve_2024_5187 = "CVE-2024-5187",
    cve_2024_5480 = "CVE-2024-5480",
    cve_2025_10155 = "CVE-2025-10155",
    cve_2025_10156 = "CVE-2025-10156",
    cve_2025_10157 = "CVE-2025-10157",
    cve_2025_12058 = "CVE-2025-12058",
    cve_2025_12060 = "CVE-2025-12060",
    cve_2025_1550 = "CVE-2025-1550",
    cve_2025_1716 = "CVE-2025-1716",
    cve_2025_1889 = "CVE-2025-1889",
    cve_2025_1944 = "CVE-2025-1944",
    cve_2025_1945 = "CVE-2025-1945",
    cve_2025_23250 = "CVE-2025-23250",
    cve_2025_23304 = "CVE-2025-23304",
    cve_2025_32434 = "CVE-2025-32434",
    cve_2025_4517 = "CVE-2025-4517",
    cve_2025_46417 = "CVE-2025-46417",
    cve_2025_49655 = "CVE-2025-49655",
    cve_2025_51480 = "CVE-2025-51480",
    cve_2025_53630 = "CVE-2025-53630",
    cve_2025_54136 = "CVE-2025-54136",
    cve_2025_54412 = "CVE-2025-54412",
    cve_2025_54413 = "CVE-2025-54413",
    cve_2025_54886 = "CVE-2025-54886",
    cve_2025_59536 = "CVE-2025-59536",
    cve_2025_62518 = "CVE-2025-62518",
    cve_2025_6514 = "CVE-2025-6514",
    cve_2025_8747 = "CVE-2025-8747",
    cve_2025_9905 = "CVE-2025-9905",
    cve_2025_9906 = "CVE-2025-9906",
    cve_2026_1669 = "CVE-2026-1669",
    cve_2026_24157 = "CVE-2026-24157",
    cve_2026_24159 = "CVE-2026-24159",
    cve_2026_24747 = "CVE-2026-24747",
    cve_2026_27489 = "CVE-2026-27489",
    cve_2026_27940 = "CVE-2026-27940",
    cve_2026_33298 = "CVE-2026-33298",
    cve_2026_34445 = "CVE-2026-34445",
    cve_2026_34447 = "CVE-2026-34447",
    cve_2026_42627 = "CVE-2026-42627",
    cve_2026_56315 = "CVE-2026-56315",
    ghsa_3329_ghmp_jmv5 = "GHSA-3329-ghmp-jmv5",
    ghsa_3gf5_cxq9_w223 = "GHSA-3gf5-cxq9-w223",
    ghsa_3vg9_h568_4w9m = "GHSA-3vg9-h568-4w9m",
    ghsa_4675_36f9_wf6r = "GHSA-4675-36f9-wf6r",
    ghsa_46h3_79wf_xr6c = "GHSA-46h3-79wf-xr6c",
    ghsa_49gj_c84q_6qm9 = "GHSA-49gj-c84q-6qm9",
    ghsa_4r9r_ch6f_vxmx = "GHSA-4r9r-ch6f-vxmx",
    ghsa_4whj_rm5r_c2v8 = "GHSA-4whj-rm5r-c2v8",
    ghsa_565g_hwwr_4pp3 = "GHSA-565g-hwwr-4pp3",
    ghsa_5cxw_w2xg_2m8h = "GHSA-5cxw-w2xg-2m8h",
    ghsa_5hvc_6wx8_mvv4 = "GHSA-5hvc-6wx8-mvv4",
    ghsa_5hwf_rc88_82xm = "GHSA-5hwf-rc88-82xm",
    ghsa_5j3x_jp52_966f = "GHSA-5j3x-jp52-966f",
    ghsa_5qwp_399c_mjwf = "GHSA-5qwp-399c-mjwf",
    ghsa_6556_fwc2_fg2p = "GHSA-6556-fwc2-fg2p",
    ghsa_655q_fx9r_782v = "GHSA-655q-fx9r-782v",
    ghsa_6ggj_6f2q_f7mx = "GHSA-6ggj-6f2q-f7mx",
    ghsa_6vqj_c2q5_j97w = "GHSA-6vqj-c2q5-j97w",
    ghsa_6w4w_5w54_rjvr = "GHSA-6w4w-5w54-rjvr",
    ghsa_769v_p64c_89pr = "GHSA-769v-p64c-89pr",
    ghsa_7cq8_mj8x_j263 = "GHSA-7cq8-mj8x-j263",
    ghsa_7q5r_7gvp_wc82 = "GHSA-7q5r-7gvp-wc82",
    ghsa_7wx9_6375_f5wh = "GHSA-7wx9-6375-f5wh",
    ghsa_84r2_jw7c_4r5q = "GHSA-84r2-jw7c-4r5q",
    ghsa_86cj_95qr_2p4f = "GHSA-86cj-95qr-2p4f",
    ghsa_8r4j_24qv_fmq9 = "GHSA-8r4j-24qv-fmq9",
    ghsa_955r_x9j8_7rhh = "GHSA-955r-x9j8-7rhh",
    ghsa_9726_w42j_3qjr = "GHSA-9726-w42j-3qjr",
    ghsa_97f8_7cmv_76j2 = "GHSA-97f8-7cmv-76j2",
    ghsa_9gvj_pp9x_gcfr = "GHSA-9gvj-pp9x-gcfr",
    ghsa_9m3x_qqw2_h32h = "GHSA-9m3x-qqw2-h32h",
    ghsa_9w88_8rmg_7g2p = "GHSA-9w88-8rmg-7g2p",
    ghsa_9xph_j2h6_g47v = "GHSA-9xph-j2h6-g47v",
    ghsa_cffc_mxrf_mhh4 = "GHSA-cffc-mxrf-mhh4",
    ghsa_cffv_grgg_g429 = "GHSA-cffv-grgg-g429",
    ghsa_cj3c_v495_4xqh = "GHSA-cj3c-v495-4xqh",
    ghsa_f4x7_rfwp_v3xw = "GHSA-f4x7-rfwp-v3xw",
    ghsa_f54q_57x4_jg88 = "GHSA-f54q-57x4-jg88",
    ghsa_f745_w6jp_hpxx = "GHSA-f745-w6jp-hpxx",
    ghsa_f7qq_56ww_84cr = "GHSA-f7qq-56ww-84cr",
    ghsa_fphw_536r_4p88 = "GHSA-fphw-536r-4p88",
    ghsa_fqq6_7vqf_w3fg = "GHSA-fqq6-7vqf-w3fg",
    ghsa_g344_hcph_8vgg = "GHSA-g344-hcph-8vgg",
    ghsa_g38g_8gr9_h9xp = "GHSA-g38g-8gr9-h9xp",
    ghsa_h3qp_7fh3_f8h4 = "GHSA-h3qp-7fh3-f8h4",
    ghsa_h4rm_mm56_xf63 = "GHSA-h4rm-mm56-xf63",
    ghsa_hgrh_qx5j_jfwx = "GHSA-hgrh-qx5j-jfwx",
    ghsa_j343_8v2j_ff7w = "GHSA-j343-8v2j-ff7w",
    ghsa_jgw4_cr84_mqxg = "GHSA-jgw4-cr84-mqxg",
    ghsa_jhph_76pp_mggw = "GHSA-jhph-76pp-mggw",
    ghsa_m273_6v24_x4m4 = "GHSA-m273-6v24-x4m4",
    ghsa_m6fh_58r7_x697 = "GHSA-m6fh-58r7-x697",
    ghsa_m7j5_r2p5_c39r = "GHSA-m7j5-r2p5-c39r",
    ghsa_m869_42cg_3xwr = "GHSA-m869-42cg-3xwr",
    ghsa_mhc9_48gj_9gp3 = "GHSA-mhc9-48gj-9gp3",
    ghsa_mjqp_26hc_grxg = "GHSA-mjqp-26hc-grxg",
    ghsa_mxhj_88fx_4pcv = "GHSA-mxhj-88fx-4pcv",
    ghsa_p523_jq9w_64x9 = "GHSA-p523-jq9w-64x9",
    ghsa_p9w7_82w4_7q8m = "GHSA-p9w7-82w4-7q8m",
    ghsa_pc6j_px3p_rrj4 = "GHSA-pc6j-px3p-rrj4",
    ghsa_q5qq_mvfm_j35x = "GHSA-q5qq-mvfm-j35x",
    ghsa_q77w_mwjj_7mqx = "GHSA-q77w-mwjj-7mqx",
    ghsa_r48f_3986_4f9c = "GHSA-r48f-3986-4f9c",
    ghsa_r7v6_mfhq_g3m2 = "GHSA-r7v6-mfhq-g3m2",
    ghsa_r8g5_cgf2_4m4m = "GHSA-r8g5-cgf2-4m4m",
    ghsa_rrxm_2pvv_m66x = "GHSA-rrxm-2pvv-m66x",
    ghsa_vqmv_47xg_9wpr = "GHSA-vqmv-47xg-9wpr",
    ghsa_vr7h_p6mm_wpmh = "GHSA-vr7h-p6mm-wpmh",
    ghsa_vv6j_3g6g_2pvj = "GHSA-vv6j-3g6g-2pvj",
    ghsa_vvpj_8cmc_gx39 = "GHSA-vvpj-8cmc-gx39",
    ghsa_w8jq_xcqf_f792 = "GHSA-w8jq-xcqf-f792",
    ghsa_wccx_j62j_r448 = "GHSA-wccx-j62j-r448",
    ghsa_wfq2_52f7_7qvj = "GHSA-wfq2-52f7-7qvj",
    ghsa_x696_vm39_cp64 = "GHSA-x696-vm39-cp64",
    ghsa_x843_g5mx_g377 = "GHSA-x843-g5mx-g377",
    ghsa_xp4f_hrf8_rxw7 = "GHSA-xp4f-hrf8-rxw7",
    modelscan_issue_354 = "modelscan-issue-354",
    modelscan_pr_345 = "modelscan-pr-345",
    modelscan_pr_346 = "modelscan-pr-346",
    modelscan_pr_356 = "modelscan-pr-356",
    picklescan_issue_14 = "picklescan-issue-14",
    picklescan_issue_22 = "picklescan-issue-22",
    picklescan_issue_66 = "picklescan-issue-66",
}

/// Advisories that a page cites without a sample, each with the reason.
const WITHOUT_SAMPLE: &[(&str, &str)] = &[
    (
        "CVE-2018-20225",
        "a setting of pip, reported below high by itself",
    ),
    (
        "CVE-2023-38673",
        "a function of Paddle that takes the command from its caller",
    ),
    (
        "CVE-2023-43654",
        "an address that TorchServe takes over the network",
    ),
    ("CVE-2023-48022", "an interface of Ray without a password"),
    (
        "CVE-2023-49291",
        "the code of an action, not of the workflow that uses it",
    ),
    ("CVE-2024-0087", "a request to Triton, not a file"),
    (
        "CVE-2024-0917",
        "a function of Paddle that takes the code from its caller",
    ),
    ("CVE-2025-23319", "a request to Triton, not a file"),
    (
        "CVE-2025-30066",
        "a tag that was moved, reported below high by itself",
    ),
];

/// Advisories of samples that are reported below high, each with the reason.
const BELOW_HIGH: &[(&str, &str)] = &[];

fn check(advisory: &str) {
    let Some(corpus) = corpus() else { return };
    let samples = samples_of(&corpus, advisory);
    assert!(!samples.is_empty(), "no sample names {advisory}");
    for (id, folder) in samples {
        let outcome = scan(&Folder::new(folder, 8), &id, &Options::default(), None);
        assert!(outcome.internal_errors.is_empty(), "{id}");
        let worst = outcome
            .report
            .findings
            .iter()
            .map(|finding| finding.severity)
            .max();
        if BELOW_HIGH.iter().all(|(known, _)| *known != id) {
            assert!(worst >= Some(Severity::High), "{id}: {worst:?}");
        }
    }
}

#[test]
fn every_advisory_of_the_corpus_has_a_test() {
    let Some(corpus) = corpus() else { return };
    for line in manifest(&corpus).lines() {
        for advisory in field(line, "advisory")
            .unwrap_or_default()
            .split(", ")
            .filter(|id| !id.is_empty())
        {
            assert!(ADVISORIES.contains(&advisory), "{advisory} has no test");
        }
    }
}

#[test]
fn every_advisory_that_a_page_cites_has_a_test_or_a_reason() {
    let formats = Format::ALL
        .iter()
        .map(|format| (format.info().id, format.info().page));
    let detectors = DETECTORS.iter().map(|detector| (detector.id, detector.page));
    let mut cited = BTreeSet::new();
    for (id, page) in formats.chain(detectors) {
        for advisory in cve_ids(page) {
            let excused = WITHOUT_SAMPLE.iter().any(|(known, _)| *known == advisory);
            assert!(
                ADVISORIES.contains(&advisory) || excused,
                "{id} cites {advisory}, which has no test"
            );
            cited.insert(advisory);
        }
    }
    for (advisory, _) in WITHOUT_SAMPLE {
        assert!(cited.contains(advisory), "no page cites {advisory}");
        assert!(!ADVISORIES.contains(advisory), "{advisory} has a test");
    }
}

/// Finds `CVE-` with a year and a number.
fn cve_ids(text: &str) -> Vec<&str> {
    let inside = |byte: char| byte.is_ascii_digit() || byte == '-';
    let starts = text.match_indices("CVE-").map(|(at, _)| at);
    let ids = starts.filter_map(|at| {
        let number = text.get(at + 4..)?;
        let length = number.find(|c| !inside(c)).unwrap_or(number.len());
        text.get(at..at + 4 + length).map(|id| id.trim_end_matches('-'))
    });
    ids.collect()
}

fn manifest(corpus: &Path) -> String {
    fs::read_to_string(corpus.join("malicious/manifest.jsonl")).unwrap()
}

fn samples_of(corpus: &Path, advisory: &str) -> Vec<(String, PathBuf)> {
    manifest(corpus)
        .lines()
        .filter(|line| field(line, "advisory").is_some_and(|ids| ids.split(", ").any(|id| id == advisory)))
        .map(|line| {
            let (group, id) = (field(line, "group").unwrap(), field(line, "id").unwrap());
            (id.to_owned(), corpus.join("malicious").join(group).join(id))
        })
        .collect()
}

/// Returns a text field of one flat JSON line; the generator writes neither escapes nor nesting into these fields.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let start = line.find(&format!("\"{name}\": \""))? + name.len() + 5;
    line.get(start..)?.split('"').next()
}

/// Makes the corpus once for all tests of this build; `None` where there is no Python.
fn corpus() -> Option<PathBuf> {
    static MADE: OnceLock<Option<PathBuf>> = OnceLock::new();
    MADE.get_or_init(make_corpus).clone()
}

fn make_corpus() -> Option<PathBuf> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/corpus");
    let stamp: u64 = fs::read_dir(&scripts)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("malicious"))
        .map(|entry| {
            fs::read(entry.path())
                .unwrap()
                .iter()
                .fold(7, |sum: u64, byte| sum.wrapping_mul(31) ^ u64::from(*byte))
        })
        .fold(0, u64::wrapping_add);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("corpus-{stamp:016x}"));
    if folder.exists() {
        return Some(folder);
    }
    let unfinished = folder.with_extension(std::process::id().to_string());
    let made = Command::new("python3")
        .arg(scripts.join("malicious.py"))
        .arg(&unfinished)
        .output();
    let Ok(output) = made else {
        eprintln!("SKIPPED: no python3 to make the samples with");
        return None;
    };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // Another test may have been faster; both made the same.
    if fs::rename(&unfinished, &folder).is_err() {
        let _ = fs::remove_dir_all(&unfinished);
    }
    Some(folder)
}
