use async_trait::async_trait;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use sha2::{Digest, Sha256};
use square_routing::{Embedder, EmbedderVersion, Embedding, EmbeddingFailed, Waiting};
use std::path::Path;
use std::sync::Arc;
use tokenizers::Tokenizer;

/// More of a text is not looked at, in characters.
const READ_CHARS: usize = 4000;
/// How many texts are embedded at a time on the thread that asks; more go to a thread for such work.
const ON_THE_SPOT: usize = 4;

/// Why a folder holds no table that can be used.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// A file is missing or cannot be read.
    #[error("{file} cannot be read: {cause}")]
    Unreadable {
        /// The file's name.
        file: &'static str,
        /// What the system says.
        cause: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("{file} {what}")]
    Wrong {
        /// The file's name.
        file: &'static str,
        /// What is wrong, phrased to follow the name.
        what: String,
    },
}

/// A vector for every word piece, in the format of `model2vec`: a folder with `model.safetensors` (the tensor `embeddings`, and
/// `weights` and `mapping` where they are) and `tokenizer.json`.
///
/// A text's embedding is the weighted mean of its pieces' vectors, stretched to the length 1. That takes some microseconds.
#[derive(Clone)]
pub struct EmbeddingTable(Arc<Table>);

struct Table {
    version: EmbedderVersion,
    tokenizer: Tokenizer,
    /// The piece for what has none.
    unknown: Option<u32>,
    rows: Vec<f32>,
    dims: usize,
    weights: Option<Vec<f32>>,
    mapping: Option<Vec<usize>>,
}

const MODEL: &str = "model.safetensors";
const TOKENIZER: &str = "tokenizer.json";

impl EmbeddingTable {
    /// Reads a folder.
    pub fn open(folder: &Path) -> Result<Self, TableError> {
        let read =
            |file| std::fs::read(folder.join(file)).map_err(|cause| TableError::Unreadable { file, cause });
        Table::read(&read(TOKENIZER)?, &read(MODEL)?).map(|table| Self(Arc::new(table)))
    }

    /// How many numbers an embedding has.
    pub fn dims(&self) -> usize {
        self.0.dims
    }
}

impl Table {
    fn read(tokenizer: &[u8], model: &[u8]) -> Result<Self, TableError> {
        let version = Sha256::new().chain_update("table\0").chain_update(tokenizer).chain_update(model);
        let mut tokenizer = Tokenizer::from_bytes(tokenizer)
            .map_err(|error| wrong(TOKENIZER, format!("is no tokenizer: {error}")))?;
        // Cutting and filling up are for batches of sentence models.
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(|error| wrong(TOKENIZER, error.to_string()))?;
        let tensors = SafeTensors::deserialize(model)
            .map_err(|error| wrong(MODEL, format!("is not in the format of safetensors: {error}")))?;
        let tensor = |name| tensors.tensor(name).ok();
        let embeddings = tensor("embeddings").ok_or_else(|| wrong(MODEL, "has no tensor embeddings"))?;
        let [_, dims] = *embeddings.shape() else {
            return Err(wrong(MODEL, "has embeddings that are no table"));
        };
        if dims == 0 {
            return Err(wrong(MODEL, "has embeddings without numbers"));
        }
        let unknown = ["[UNK]", "<unk>"].iter().find_map(|piece| tokenizer.token_to_id(piece));
        let table = Self {
            version: EmbedderVersion(version.finalize().into()),
            tokenizer,
            unknown,
            rows: numbers(&embeddings)?,
            dims,
            weights: tensor("weights").map(|weights| numbers(&weights)).transpose()?,
            mapping: tensor("mapping").map(|mapping| places(&mapping)).transpose()?,
        };
        table.check()?;
        Ok(table)
    }

    /// Whether every piece that the tokenizer makes has its row.
    fn check(&self) -> Result<(), TableError> {
        if !self.rows.iter().chain(self.weights.iter().flatten()).all(|number| number.is_finite()) {
            return Err(wrong(MODEL, "has embeddings or weights that are no numbers"));
        }
        let pieces = self.tokenizer.get_vocab(true).into_values().max().map_or(0, |last| last as usize + 1);
        let rows = self.rows.len() / self.dims;
        let covered = match &self.mapping {
            Some(mapping) => mapping.len() >= pieces && mapping.iter().all(|row| *row < rows),
            None => rows >= pieces,
        };
        let weighed = self.weights.as_ref().is_none_or(|weights| weights.len() >= pieces);
        if covered && weighed {
            Ok(())
        } else {
            Err(wrong(MODEL, "does not go with tokenizer.json: it has too few rows"))
        }
    }

    fn embed(&self, text: &str) -> Result<Embedding, EmbeddingFailed> {
        let text: String = text.chars().take(READ_CHARS).collect();
        let pieces = self.tokenizer.encode_fast(text, false);
        let pieces = pieces.map_err(|_| EmbeddingFailed("the text cannot be cut into pieces".to_owned()))?;
        let mut sum = vec![0.0; self.dims];
        for &piece in pieces.get_ids() {
            if Some(piece) == self.unknown {
                continue;
            }
            let piece = piece as usize;
            let row = self.mapping.as_ref().map_or(piece, |mapping| mapping[piece]);
            let weight = self.weights.as_ref().map_or(1.0, |weights| weights[piece]);
            let row = &self.rows[row * self.dims..][..self.dims];
            sum.iter_mut().zip(row).for_each(|(sum, number)| *sum += weight * number);
        }
        // A mean and a sum point the same way.
        normalise(&mut sum);
        Ok(sum.into())
    }
}

#[async_trait]
impl Embedder for EmbeddingTable {
    fn version(&self) -> EmbedderVersion {
        self.0.version
    }

    fn is_outside(&self) -> bool {
        false
    }

    async fn embed(&self, texts: &[String], _: Waiting) -> Result<Vec<Embedding>, EmbeddingFailed> {
        if texts.len() <= ON_THE_SPOT {
            return texts.iter().map(|text| self.0.embed(text)).collect();
        }
        let (table, texts) = (Arc::clone(&self.0), texts.to_vec());
        let embedding = move || texts.iter().map(|text| table.embed(text)).collect();
        let broke_off = |_| Err(EmbeddingFailed("embedding broke off".to_owned()));
        tokio::task::spawn_blocking(embedding).await.unwrap_or_else(broke_off)
    }
}

/// Stretches a vector to the length 1; one of nothing stays as it is.
fn normalise(vector: &mut [f32]) {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        for number in vector {
            *number /= length;
        }
    }
}

fn wrong(file: &'static str, what: impl Into<String>) -> TableError {
    TableError::Wrong { file, what: what.into() }
}

fn numbers(tensor: &TensorView<'_>) -> Result<Vec<f32>, TableError> {
    let data = tensor.data();
    Ok(match tensor.dtype() {
        Dtype::F64 => wide(data, f64::from_le_bytes).map(narrowed).collect(),
        Dtype::F32 => wide(data, f32::from_le_bytes).collect(),
        Dtype::F16 => wide(data, |bytes| half(u16::from_le_bytes(bytes))).collect(),
        Dtype::I8 => data.iter().map(|byte| f32::from(byte.cast_signed())).collect(),
        other => return Err(wrong(MODEL, format!("has numbers of the type {other:?}"))),
    })
}

fn places(tensor: &TensorView<'_>) -> Result<Vec<usize>, TableError> {
    let place = |number: i64| usize::try_from(number).map_err(|_| wrong(MODEL, "has a mapping to nowhere"));
    match tensor.dtype() {
        Dtype::I64 => wide(tensor.data(), i64::from_le_bytes).map(place).collect(),
        Dtype::I32 => wide(tensor.data(), i32::from_le_bytes).map(|number| place(number.into())).collect(),
        other => Err(wrong(MODEL, format!("has a mapping of the type {other:?}"))),
    }
}

fn wide<const N: usize, T>(data: &[u8], number: impl Fn([u8; N]) -> T) -> impl Iterator<Item = T> {
    data.as_chunks::<N>().0.iter().map(move |bytes| number(*bytes))
}

#[expect(clippy::cast_possible_truncation, reason = "a table needs no more digits")]
const fn narrowed(number: f64) -> f32 {
    number as f32
}

/// A half-precision number (IEEE 754, binary16).
fn half(bits: u16) -> f32 {
    let (exponent, fraction) = ((bits >> 10) & 0x1f, f32::from(bits & 0x3ff) / 1024.0);
    let size = match exponent {
        0 => fraction * 2_f32.powi(-14),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction) * 2_f32.powi(i32::from(exponent) - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;
    use safetensors::serialize;
    use std::collections::HashMap;

    /// Words as pieces: `[UNK]`, `heat`, `film`, `rain`.
    const WORDS: &str = r###"{"version": "1.0", "truncation": {"direction": "Right", "max_length": 1, "strategy": "LongestFirst",
        "stride": 0}, "padding": null, "added_tokens": [], "normalizer": {"type": "Lowercase"}, "pre_tokenizer":
        {"type": "Whitespace"}, "post_processor": null, "decoder": null, "model": {"type": "WordPiece", "unk_token": "[UNK]",
        "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
        "vocab": {"[UNK]": 0, "heat": 1, "film": 2, "rain": 3}}}"###;

    const ROWS: [f32; 8] = [9.0, 9.0, 3.0, 0.0, 0.0, 4.0, -1.0, 0.0];

    type Tensor<'a> = (&'a str, Dtype, Vec<usize>, Vec<u8>);

    fn folder(tensors: &[Tensor<'_>]) -> tempfile::TempDir {
        let views: HashMap<&str, TensorView<'_>> = tensors
            .iter()
            .map(|(name, kind, shape, data)| (*name, TensorView::new(*kind, shape.clone(), data).unwrap()))
            .collect();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(MODEL), serialize(views, None).unwrap()).unwrap();
        std::fs::write(folder.path().join(TOKENIZER), WORDS).unwrap();
        folder
    }

    fn bytes(numbers: &[f32]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    fn plain() -> Tensor<'static> {
        ("embeddings", Dtype::F32, vec![4, 2], bytes(&ROWS))
    }

    async fn embedded(tensors: &[Tensor<'_>], text: &str) -> Vec<f32> {
        let table = EmbeddingTable::open(folder(tensors).path()).unwrap();
        assert_eq!(table.dims(), 2);
        let embeddings = table.embed(&[text.to_owned()], Waiting::Asker).await.unwrap();
        embeddings[0].iter().map(|number| (number * 100.0).round() / 100.0).collect()
    }

    fn refused(tensors: &[Tensor<'_>]) -> String {
        EmbeddingTable::open(folder(tensors).path()).err().unwrap().to_string()
    }

    #[tokio::test]
    async fn a_text_lies_between_its_words() {
        assert_eq!(embedded(&[plain()], "Heat").await, [1.0, 0.0]);
        assert_eq!(embedded(&[plain()], "the film HEAT").await, [0.6, 0.8]);
        assert_eq!(
            embedded(&[plain()], "what is it").await,
            [0.0, 0.0],
            "of what is unknown nothing is known"
        );
        assert_eq!(embedded(&[plain()], "").await, [0.0, 0.0]);
    }

    #[tokio::test]
    async fn weights_and_mapping_are_heeded() {
        let weights = ("weights", Dtype::F32, vec![4], bytes(&[1.0, 0.0, 1.0, 1.0]));
        assert_eq!(embedded(&[plain(), weights], "film heat").await, [0.0, 1.0]);
        let places = [0_i64, 2, 2, 1].iter().flat_map(|place| place.to_le_bytes()).collect();
        assert_eq!(embedded(&[plain(), ("mapping", Dtype::I64, vec![4], places)], "rain").await, [1.0, 0.0]);
    }

    #[tokio::test]
    async fn numbers_may_be_of_several_types() {
        let bytes_of_i8 = [9, 9, 3, 0, 0, 4, -1, 0_i8].iter().map(|number| number.cast_unsigned()).collect();
        let bytes_of_f64 = ROWS.iter().flat_map(|number| f64::from(*number).to_le_bytes()).collect();
        let halves = [0x4880_u16, 0x4880, 0x4200, 0, 0, 0x4400, 0xbc00, 0];
        let bytes_of_f16 = halves.iter().flat_map(|number| number.to_le_bytes()).collect();
        for (kind, data) in [(Dtype::I8, bytes_of_i8), (Dtype::F64, bytes_of_f64), (Dtype::F16, bytes_of_f16)]
        {
            let tensor = ("embeddings", kind, vec![4, 2], data);
            assert_eq!(embedded(&[tensor], "film heat").await, [0.6, 0.8], "{kind:?}");
        }
        let exact = [1.0, -2.0, 2_f32.powi(-24)].map(f32::to_bits);
        assert_eq!([half(0x3c00), half(0xc000), half(0x0001)].map(f32::to_bits), exact);
        assert!(half(0x7c00).is_infinite() && half(0x7e00).is_nan());
    }

    #[tokio::test]
    async fn many_texts_are_embedded_like_few() {
        let table = EmbeddingTable::open(folder(&[plain()]).path()).unwrap();
        let texts: Vec<String> = (0..50).map(|number| ["heat", "film"][number % 2].to_owned()).collect();
        let embeddings = table.embed(&texts, Waiting::Learner).await.unwrap();
        assert_eq!(embeddings.len(), 50);
        assert_eq!((&embeddings[48][..], &embeddings[49][..]), (&[1.0, 0.0][..], &[0.0, 1.0][..]));
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_told_of_in_words() {
        let empty = tempfile::tempdir().unwrap();
        let error = EmbeddingTable::open(empty.path()).err().unwrap().to_string();
        assert!(error.starts_with("tokenizer.json cannot be read"), "{error}");
        assert_eq!(refused(&[]), "model.safetensors has no tensor embeddings");
        let short = ("embeddings", Dtype::F32, vec![3, 2], bytes(&ROWS[..6]));
        assert!(refused(&[short]).contains("too few rows"));
        let flat = ("embeddings", Dtype::F32, vec![8], bytes(&ROWS));
        assert!(refused(&[flat]).contains("no table"));
        let nan = ("embeddings", Dtype::F32, vec![4, 2], bytes(&[f32::NAN; 8]));
        assert!(refused(&[nan]).contains("no numbers"));
        let nan = ("weights", Dtype::F32, vec![4], bytes(&[1.0, 1.0, f32::INFINITY, 1.0]));
        assert!(refused(&[plain(), nan]).contains("no numbers"));
        let nowhere = [-1_i64; 4].iter().flat_map(|place| place.to_le_bytes()).collect();
        assert!(refused(&[plain(), ("mapping", Dtype::I64, vec![4], nowhere)]).contains("nowhere"));
        let few = ("weights", Dtype::F32, vec![2], bytes(&[1.0, 1.0]));
        assert!(refused(&[plain(), few]).contains("too few rows"));
        let folder = folder(&[plain()]);
        std::fs::write(folder.path().join(MODEL), b"{}").unwrap();
        assert!(EmbeddingTable::open(folder.path()).err().unwrap().to_string().contains("safetensors"));
    }
}
