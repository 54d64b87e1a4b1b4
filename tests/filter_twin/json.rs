//! JSON, read into a plain tree that keeps the spelling of numbers. Of members with one name the
//! last counts.

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    /// A number as it is spelled.
    Number(String),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Reads a text that is one value and nothing else.
pub fn read(text: &str) -> Option<Json> {
    let mut reader = Reader { chars: text.chars().collect(), at: 0 };
    let value = reader.value()?;
    (reader.at == reader.chars.len()).then_some(value)
}

struct Reader {
    chars: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        self.at += 1;
        self.chars.get(self.at - 1).copied()
    }

    /// Takes `text` if it is next.
    fn take(&mut self, text: &str) -> bool {
        let length = text.chars().count();
        let is_next = self.chars[self.at..].iter().take(length).copied().eq(text.chars());
        if is_next {
            self.at += length;
        }
        is_next
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    /// Reads a value and the blanks around it.
    fn value(&mut self) -> Option<Json> {
        self.blanks();
        let value = match self.peek()? {
            '{' => self.object()?,
            '[' => self.array()?,
            '"' => Json::Text(self.text()?),
            '-' | '0'..='9' => Json::Number(self.number()?),
            _ if self.take("true") => Json::Bool(true),
            _ if self.take("false") => Json::Bool(false),
            _ if self.take("null") => Json::Null,
            _ => return None,
        };
        self.blanks();
        Some(value)
    }

    fn object(&mut self) -> Option<Json> {
        let mut members: Vec<(String, Json)> = Vec::new();
        self.take("{");
        self.blanks();
        if self.take("}") {
            return Some(Json::Object(members));
        }
        loop {
            self.blanks();
            let name = self.text()?;
            self.blanks();
            if !self.take(":") {
                return None;
            }
            let value = self.value()?;
            members.retain(|(other, _)| *other != name);
            members.push((name, value));
            match self.next()? {
                ',' => {}
                '}' => return Some(Json::Object(members)),
                _ => return None,
            }
        }
    }

    fn array(&mut self) -> Option<Json> {
        let mut elements = Vec::new();
        self.take("[");
        self.blanks();
        if self.take("]") {
            return Some(Json::Array(elements));
        }
        loop {
            elements.push(self.value()?);
            match self.next()? {
                ',' => {}
                ']' => return Some(Json::Array(elements)),
                _ => return None,
            }
        }
    }

    fn text(&mut self) -> Option<String> {
        if !self.take("\"") {
            return None;
        }
        let mut text = String::new();
        loop {
            match self.next()? {
                '"' => return Some(text),
                '\\' => text.push(match self.next()? {
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'u' => self.unicode()?,
                    same @ ('"' | '\\' | '/') => same,
                    _ => return None,
                }),
                '\0'..='\u{1f}' => return None,
                char => text.push(char),
            }
        }
    }

    /// The character of one `\u`, or of two that belong together. Half of such a pair is JSON,
    /// though no text; what it equals is not defined.
    fn unicode(&mut self) -> Option<char> {
        let mut code = self.four_digits()?;
        let start = self.at;
        if (0xd800..0xdc00).contains(&code) && self.take("\\u") {
            let low = self.four_digits()?;
            if (0xdc00..0xe000).contains(&low) {
                code = 0x10000 + (code - 0xd800) * 0x400 + (low - 0xdc00);
            } else {
                self.at = start;
            }
        }
        Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn four_digits(&mut self) -> Option<u32> {
        let mut code = 0;
        for _ in 0..4 {
            code = code * 16 + self.next()?.to_digit(16)?;
        }
        Some(code)
    }

    fn number(&mut self) -> Option<String> {
        let start = self.at;
        self.take("-");
        if !self.take("0") {
            self.digits()?;
        }
        if self.take(".") {
            self.digits()?;
        }
        if self.take("e") || self.take("E") {
            let _ = self.take("+") || self.take("-");
            self.digits()?;
        }
        Some(self.chars[start..self.at].iter().collect())
    }

    /// Reads one digit or more.
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|char| char.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}
