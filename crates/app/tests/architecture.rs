//! The rules of ARCHITECTURE.md that a machine can check: which crate may depend on which, and which
//! libraries stay out of the domain; and that docs/security.md speaks of tests that exist.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

type Edges = BTreeMap<String, BTreeSet<String>>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate lies in crates/app")
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo metadata runs")
}

fn short(name: &str) -> Option<String> {
    name.strip_prefix("square-").map(str::to_owned)
}

fn normal_dependencies(package: &Package) -> impl Iterator<Item = &str> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development)
        .map(|dependency| dependency.name.as_str())
}

fn actual() -> Edges {
    let edges = |package: &Package| {
        let name = short(&package.name)?;
        Some((name, normal_dependencies(package).filter_map(short).collect()))
    };
    metadata().packages.iter().filter_map(edges).collect()
}

/// Reads the table between the markers in ARCHITECTURE.md: `| crate | ring | may depend on |`.
fn documented() -> (Edges, BTreeMap<String, String>) {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there");
    let table = text.split("<!-- crates -->").nth(1).expect("the table of crates is marked");
    let (mut edges, mut rings) = (Edges::new(), BTreeMap::new());
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let name = cells[1].trim_matches('`').to_owned();
        let depends_on = cells[3].split(',').map(str::trim).filter(|cell| *cell != "–").map(str::to_owned);
        edges.insert(name.clone(), depends_on.collect());
        rings.insert(name, cells[2].to_owned());
    }
    (edges, rings)
}

/// The names of all tests among the Rust sources in `folder`, and of the rules that stores are tested for by a macro.
fn tests(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            tests(&path, names);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let source = std::fs::read_to_string(&path).expect("a source is text");
            let is_contract = path.with_extension("").components().any(|part| part.as_os_str() == "contract");
            names.extend(tests_in(&source, is_contract));
        }
    }
}

fn tests_in(source: &str, is_contract: bool) -> Vec<String> {
    let (mut found, mut marked) = (Vec::new(), false);
    for line in source.lines().map(str::trim) {
        let is_rule = is_contract && line.starts_with("pub async fn ");
        if let Some((_, function)) = line.split_once("fn ").filter(|_| marked || is_rule) {
            found.extend(function.split('(').next().map(str::to_owned));
        }
        // Other attributes may stand between the mark and the function.
        let is_mark = line.starts_with("#[") && (line.contains("test]") || line.contains("::test("));
        marked = is_mark || (marked && line.starts_with("#["));
    }
    found
}

#[test]
fn tests_are_found_by_their_marks() {
    let source = "#[tokio::test(flavor = \"multi_thread\")]\n#[cfg(unix)]\nasync fn one() {}\nfn helper() {}\n#[test]\nfn two() {}\npub async fn rule(";
    assert_eq!(tests_in(source, false), ["one", "two"]);
    assert_eq!(tests_in(source, true), ["one", "two", "rule"]);
}

/// The rows of the tables of requirements in docs/security.md: `| number | level | requirement | how | tests |`.
fn requirements() -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(root().join("docs/security.md")).expect("docs/security.md is there");
    let is_row = |line: &&str| line.starts_with("| ") && line[2..].starts_with(|c: char| c.is_ascii_digit());
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    text.lines().filter(is_row).map(cells).collect()
}

/// What a cell names: ``crate: `test`, `test`; crate: `test` ``.
fn named(cell: &str) -> Vec<(&str, &str)> {
    let of_crate = |part| {
        let (folder, names): (&str, &str) =
            str::split_once(part, ':').expect("tests stand after their crate");
        names.split('`').skip(1).step_by(2).map(move |name| (folder.trim(), name))
    };
    cell.split(';').filter(|part| !part.trim().is_empty()).flat_map(of_crate).collect()
}

#[test]
fn what_is_said_of_security_is_shown_by_tests_that_exist() {
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let rows = requirements();
    assert!(!rows.is_empty());
    for row in &rows {
        let [number, level, requirement, how, cell] = &row[..] else { unreachable!("five cells: {row:?}") };
        assert!(matches!(level.as_str(), "1" | "2" | "3"), "{row:?}");
        assert!(!requirement.is_empty() && !how.is_empty(), "{row:?}");
        let shown_by = named(cell);
        let needs_none =
            how.starts_with("Not met") || how.starts_with("Does not apply") || how.starts_with("In words");
        assert!(needs_none || !shown_by.is_empty(), "{number} names no test");
        for (folder, test) in shown_by {
            let there = known.entry(folder.to_owned()).or_insert_with(|| {
                let mut names = BTreeSet::new();
                tests(&root().join("crates").join(folder), &mut names);
                names
            });
            assert!(there.contains(test), "{number}: the crate {folder} has no test {test}");
        }
    }
    let numbers: Vec<_> = rows.iter().map(|row| &row[0]).collect();
    let distinct: BTreeSet<_> = numbers.iter().collect();
    assert_eq!(distinct.len(), numbers.len(), "a requirement stands there twice");
}

#[test]
fn crates_depend_on_one_another_as_the_table_says() {
    let (documented, _) = documented();
    assert_eq!(actual(), documented, "left: Cargo.toml files; right: the table in ARCHITECTURE.md");
}

#[test]
fn the_table_keeps_its_own_rules() {
    let (edges, rings) = documented();
    let ring = |name: &String| rings[name].as_str();
    for (name, depends_on) in &edges {
        for other in depends_on {
            let allowed = match ring(name) {
                "domain" | "shapes" => ring(other) == "domain",
                // Adapters on both sides speak the JSON that others see.
                "driven" | "driving" => matches!(ring(other), "domain" | "shapes"),
                "assembly" => ring(other) != "tool",
                "tool" => ring(other) == "tool",
                unknown => panic!("{name} is in no ring: {unknown}"),
            };
            assert!(allowed, "{name} ({}) must not depend on {other} ({})", ring(name), ring(other));
        }
    }
}

#[test]
fn the_domain_knows_no_framework() {
    const FOREIGN: [&str; 8] =
        ["diesel", "actix-web", "actix-ws", "lettre", "reqwest", "serde", "serde_json", "jsonwebtoken"];
    let (_, rings) = documented();
    for package in &metadata().packages {
        let Some(name) = short(&package.name) else { continue };
        if rings.get(&name).is_some_and(|ring| ring == "domain") {
            let foreign: Vec<&str> =
                normal_dependencies(package).filter(|name| FOREIGN.contains(name)).collect();
            assert!(foreign.is_empty(), "{name} must not know {foreign:?}");
        }
    }
}

#[test]
fn every_crate_takes_the_workspace_lints() {
    for package in &metadata().packages {
        let manifest = std::fs::read_to_string(&package.manifest_path).expect("the manifest is there");
        assert!(manifest.contains("[lints]\nworkspace = true"), "{}", package.name);
    }
}
