//! Parquet files byte by byte: those that few writers write, and those that none does.

#![allow(dead_code, reason = "each test uses some of it")]

/// Kinds of values, as a schema numbers them.
pub const INT32: i64 = 1;
pub const INT64: i64 = 2;
pub const INT96: i64 = 3;
pub const FLOAT: i64 = 4;
pub const DOUBLE: i64 = 5;
pub const BYTE_ARRAY: i64 = 6;

/// Encodings of pages.
pub const PLAIN: i64 = 0;
pub const RLE: i64 = 3;
pub const DELTA_BYTE_ARRAY: i64 = 7;
pub const RLE_DICTIONARY: i64 = 8;

/// How many values a column has in a row: one, one at most, any number.
pub const REQUIRED: i64 = 0;
pub const OPTIONAL: i64 = 1;
pub const REPEATED: i64 = 2;

/// A struct in Thrift's compact protocol; fields come in order.
#[derive(Debug, Default)]
pub struct Struct {
    bytes: Vec<u8>,
    last: u8,
}

impl Struct {
    /// A field of any kind, as its bytes are.
    pub fn field(mut self, id: u8, kind: u8, body: &[u8]) -> Self {
        self.bytes.push((id - self.last) << 4 | kind);
        self.bytes.extend_from_slice(body);
        self.last = id;
        self
    }

    /// A number of 32 bits.
    pub fn int(self, id: u8, value: i64) -> Self {
        self.field(id, 5, &zigzag(value))
    }

    /// A number of 64 bits.
    pub fn long(self, id: u8, value: i64) -> Self {
        self.field(id, 6, &zigzag(value))
    }

    pub fn text(self, id: u8, text: &str) -> Self {
        self.field(id, 8, &binary(text.as_bytes()))
    }

    pub fn child(self, id: u8, child: Self) -> Self {
        self.field(id, 12, &child.end())
    }

    /// Elements of one kind.
    pub fn list(self, id: u8, kind: u8, elements: &[Vec<u8>]) -> Self {
        let head = [&[0xf0 | kind][..], &varint(elements.len() as u64)].concat();
        self.field(id, 9, &[head, elements.concat()].concat())
    }

    pub fn end(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }
}

pub fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn zigzag(value: i64) -> Vec<u8> {
    varint((value << 1 ^ value >> 63) as u64)
}

fn binary(bytes: &[u8]) -> Vec<u8> {
    [varint(bytes.len() as u64), bytes.to_vec()].concat()
}

/// An element of a schema that has others within: so many.
pub fn group(name: &str, repetition: i64, children: i64) -> Vec<u8> {
    Struct::default().int(3, repetition).text(4, name).int(5, children).end()
}

/// An element of a schema that has values.
pub fn leaf(name: &str, kind: i64, repetition: i64) -> Vec<u8> {
    Struct::default().int(1, kind).int(3, repetition).text(4, name).end()
}

/// Runs of a number that has up to eight bits.
pub fn runs(runs: &[(usize, u8)]) -> Vec<u8> {
    let run = |&(count, value): &(usize, u8)| [varint((count as u64) << 1), vec![value]].concat();
    runs.iter().flat_map(run).collect()
}

/// Levels as they stand in a page of version 1.
pub fn levels(levels: &[(usize, u8)]) -> Vec<u8> {
    let levels = runs(levels);
    [&(levels.len() as u32).to_le_bytes()[..], &levels].concat()
}

/// Plain texts.
pub fn texts(texts: &[&str]) -> Vec<u8> {
    let text = |text: &&str| [&(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat();
    texts.iter().flat_map(text).collect()
}

/// Plain numbers.
pub fn longs(numbers: &[i64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// The header of a page, without what is of its kind: what is in it has `length` bytes when it is
/// unpacked.
fn header(kind: i64, length: usize, packed: usize) -> Struct {
    Struct::default().int(1, kind).int(2, length as i64).int(3, packed as i64)
}

/// A page of version 1.
pub fn page(count: usize, encoding: i64, body: &[u8]) -> Vec<u8> {
    packed_page(count, encoding, body.len(), body)
}

/// A page of version 1 which is compressed.
pub fn packed_page(count: usize, encoding: i64, length: usize, body: &[u8]) -> Vec<u8> {
    let of_kind = Struct::default().int(1, count as i64).int(2, encoding).int(3, RLE).int(4, RLE);
    [header(0, length, body.len()).child(5, of_kind).end(), body.to_vec()].concat()
}

/// A page of version 2, of rows that have a value each or none, `nulls` of them; the levels come
/// without their length.
pub fn page_2(rows: usize, nulls: usize, encoding: i64, levels: &[u8], body: &[u8]) -> Vec<u8> {
    let of_kind = Struct::default()
        .int(1, rows as i64)
        .int(2, nulls as i64)
        .int(3, rows as i64)
        .int(4, encoding)
        .int(5, levels.len() as i64)
        .int(6, 0)
        .field(7, 2, &[]);
    let length = levels.len() + body.len();
    [&header(3, length, length).child(8, of_kind).end(), levels, body].concat()
}

/// A page of a dictionary.
pub fn dictionary(count: usize, body: &[u8]) -> Vec<u8> {
    let of_kind = Struct::default().int(1, count as i64).int(2, PLAIN);
    [header(2, body.len(), body.len()).child(7, of_kind).end(), body.to_vec()].concat()
}

/// A column in a row group.
#[derive(Debug, Default)]
pub struct Column {
    pub kind: i64,
    pub path: Vec<&'static str>,
    pub encoding: i64,
    pub codec: i64,
    /// Bytes of the page of its dictionary, with which the pages begin; 0 without one.
    pub dictionary: usize,
    pub pages: Vec<u8>,
    /// Its values, nulls among them.
    pub values: usize,
    /// How many nulls its statistics say that there are.
    pub nulls: Option<usize>,
}

/// A file of one row group.
pub fn file(schema: &[Vec<u8>], rows: usize, columns: &[Column]) -> Vec<u8> {
    let mut file = b"PAR1".to_vec();
    let mut chunks = Vec::new();
    for column in columns {
        let (start, length) = (file.len() as i64, column.pages.len() as i64);
        let encodings = [column.encoding, RLE].map(zigzag);
        let path: Vec<Vec<u8>> = column.path.iter().map(|name| binary(name.as_bytes())).collect();
        let mut meta = Struct::default()
            .int(1, column.kind)
            .list(2, 5, &encodings)
            .list(3, 8, &path)
            .int(4, column.codec)
            .long(5, column.values as i64)
            .long(6, length)
            .long(7, length)
            .long(9, start + column.dictionary as i64);
        if column.dictionary > 0 {
            meta = meta.long(11, start);
        }
        if let Some(nulls) = column.nulls {
            meta = meta.child(12, Struct::default().long(3, nulls as i64));
        }
        chunks.push(Struct::default().long(2, start).child(3, meta).end());
        file.extend_from_slice(&column.pages);
    }
    let bytes = file.len() as i64;
    let group = Struct::default().list(1, 12, &chunks).long(2, bytes).long(3, rows as i64);
    let footer = Struct::default().int(1, 1).list(2, 12, schema).long(3, rows as i64);
    end(file, &footer.list(4, 12, &[group.end()]).end())
}

/// Ends a file with its footer.
pub fn end(mut file: Vec<u8>, footer: &[u8]) -> Vec<u8> {
    file.extend_from_slice(footer);
    file.extend_from_slice(&(footer.len() as u32).to_le_bytes());
    file.extend_from_slice(b"PAR1");
    file
}

/// A file of events of OCSF's network activity: one for each run of levels, whose list of
/// addresses has so many elements, all null, in as many pages as are given.
pub fn events(pages: &[&[(usize, u8)]]) -> Vec<u8> {
    let count = |runs: &[(usize, u8)]| runs.iter().map(|(count, _)| count).sum::<usize>();
    let begins = |runs: &&[(usize, u8)]| {
        runs.iter().filter(|(_, level)| *level == 0).map(|(count, _)| count).sum::<usize>()
    };
    let rows: usize = pages.iter().map(begins).sum();
    let null = |runs: &&[(usize, u8)]| {
        let levels = [levels(runs), levels(&[(count(runs), 2)])].concat();
        page(count(runs), PLAIN, &levels)
    };
    let values = pages.iter().map(|runs| count(runs)).sum();
    let column = |kind, path: &[&'static str], values, pages| Column {
        kind,
        path: path.to_vec(),
        pages,
        values,
        ..Column::default()
    };
    let address = page(rows, PLAIN, &texts(&vec!["10.0.0.1"; rows]));
    let class = page(rows, PLAIN, &4001_i32.to_le_bytes().repeat(rows));
    let list = pages.iter().flat_map(null).collect();
    let columns = [
        column(INT32, &["class_uid"], rows, class),
        column(BYTE_ARRAY, &["src_endpoint", "intermediate_ips", "list", "element"], values, list),
        column(BYTE_ARRAY, &["src_endpoint", "ip"], rows, address.clone()),
        column(BYTE_ARRAY, &["dst_endpoint", "ip"], rows, address),
    ];
    let list = Struct::default().int(3, OPTIONAL).text(4, "intermediate_ips").int(5, 1).int(6, 3);
    let schema = [
        group("schema", REQUIRED, 3),
        leaf("class_uid", INT32, REQUIRED),
        group("src_endpoint", REQUIRED, 2),
        list.end(),
        group("list", REPEATED, 1),
        leaf("element", BYTE_ARRAY, OPTIONAL),
        leaf("ip", BYTE_ARRAY, REQUIRED),
        group("dst_endpoint", REQUIRED, 1),
        leaf("ip", BYTE_ARRAY, REQUIRED),
    ];
    file(&schema, rows, &columns)
}
