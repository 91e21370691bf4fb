//! The indentation that YAML asks for inside brackets and quotes, and that the loaders of SAM and CloudFormation do not.
//!
//! There a line may begin anywhere, so a closing brace may stand at its key's column. Leading blanks mean nothing inside
//! brackets and quotes, so adding them changes no value.

/// The maximum size of the result: blanks are added to every line.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// Returns the text with the lines inside brackets and quotes indented; `None` = too large.
pub(super) fn indented(text: &str) -> Option<String> {
    let mut scanner = Scanner::default();
    let mut result = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let blanks = line.len() - line.trim_start_matches(' ').len();
        let missing = scanner.needed().saturating_sub(blanks);
        if missing > 0 && !line.trim().is_empty() {
            if result.len() + missing > MAX_BYTES {
                return None;
            }
            result.extend(std::iter::repeat_n(' ', missing));
        }
        result.push_str(line);
        scanner.line(line, blanks);
    }
    Some(result)
}

#[derive(Default)]
struct Scanner {
    /// Open brackets.
    depth: usize,
    quote: Option<u8>,
    /// The column of the outermost open bracket or quote.
    opened: usize,
    /// The column of the key or dash that a block scalar belongs to, or a plain one that may continue.
    block: Option<usize>,
    plain: Option<usize>,
}

impl Scanner {
    /// The blanks that the next line needs.
    fn needed(&self) -> usize {
        if self.depth > 0 || self.quote.is_some() { self.opened + 1 } else { 0 }
    }

    fn line(&mut self, line: &str, blanks: usize) {
        let bytes = line.trim_end().as_bytes();
        if bytes.len() <= blanks && self.quote.is_none() {
            return; // an empty line
        }
        let is_inside = self.depth > 0 || self.quote.is_some();
        let deeper = |column: Option<usize>| column.is_some_and(|column| blanks > column);
        if !is_inside && (deeper(self.block) || (deeper(self.plain) && bytes[blanks] != b'#')) {
            return; // text of the scalar above
        }
        (self.block, self.plain) = (None, None);
        self.tokens(bytes, blanks.min(bytes.len()));
    }

    fn tokens(&mut self, bytes: &[u8], mut at: usize) {
        // The column of the last key or dash, and true where a token may begin.
        let (mut node, mut starts, mut is_plain) = (at, true, false);
        while at < bytes.len() {
            let (byte, next) = (bytes[at], bytes.get(at + 1));
            let ends = next.is_none_or(|next| *next == b' ' || *next == b'\t');
            if let Some(quote) = self.quote {
                match byte {
                    b'\\' if quote == b'"' => at += 1,
                    b'\'' if quote == b'\'' && next == Some(&b'\'') => at += 1,
                    _ if byte == quote => self.quote = None,
                    _ => {}
                }
                at += 1;
                continue;
            }
            let is_flow = self.depth > 0;
            match byte {
                b' ' | b'\t' => {}
                b'#' if at == 0 || bytes[at - 1].is_ascii_whitespace() => return,
                b'"' | b'\'' if starts => {
                    if !is_flow && is_key(&bytes[at..]) {
                        node = at;
                    }
                    self.open(at);
                    self.quote = Some(byte);
                    starts = false;
                }
                b'[' | b'{' if starts || is_flow => {
                    self.open(at);
                    self.depth += 1;
                    starts = true;
                }
                b']' | b'}' if is_flow => {
                    self.depth -= 1;
                    starts = false;
                }
                b',' if is_flow => starts = true,
                b'-' | b'?' if starts && ends && !is_flow => node = at,
                b':' if ends || is_flow => (starts, is_plain) = (true, false),
                b'|' | b'>' if starts && !is_flow => {
                    self.block = Some(node);
                    return;
                }
                // A tag or an anchor is followed by its value.
                b'!' | b'&' if starts => {
                    while bytes.get(at + 1).is_some_and(|byte| !byte.is_ascii_whitespace()) {
                        at += 1;
                    }
                }
                _ if starts => {
                    (starts, is_plain) = (false, !is_flow);
                    if !is_flow && is_key(&bytes[at..]) {
                        node = at;
                    }
                }
                _ => {}
            }
            at += 1;
        }
        if is_plain {
            self.plain = Some(node);
        }
    }

    fn open(&mut self, column: usize) {
        if self.depth == 0 {
            self.opened = column;
        }
    }
}

/// True if a plain text is followed by a colon.
fn is_key(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair[0] == b':' && pair[1].is_ascii_whitespace()) || bytes.ends_with(b":")
}
