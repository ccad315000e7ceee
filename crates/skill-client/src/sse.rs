use crate::failure::malformed;
use square_skills::SkillFailure;

/// Reads a stream of server-sent events piece by piece (HTML standard, "server-sent events"), of which only the data are
/// of matter here.
#[derive(Default)]
pub(crate) struct Events {
    /// What has come of a line that has not ended.
    line: Vec<u8>,
    /// The data of an event that has not ended.
    data: Option<String>,
}

impl Events {
    /// Takes the next piece of the stream; gives the data of the events that end in it.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<Vec<String>, SkillFailure> {
        let mut ended = Vec::new();
        let mut rest = piece;
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            self.line.extend_from_slice(&rest[..end]);
            rest = &rest[end + 1..];
            let line = std::mem::take(&mut self.line);
            ended.extend(self.line_ended(line.strip_suffix(b"\r").unwrap_or(&line))?);
        }
        self.line.extend_from_slice(rest);
        Ok(ended)
    }

    /// The data of the last event, where the stream ends without the blank line that should end it.
    pub(crate) fn finish(mut self) -> Result<Option<String>, SkillFailure> {
        let line = std::mem::take(&mut self.line);
        self.line_ended(line.strip_suffix(b"\r").unwrap_or(&line))?;
        Ok(self.data)
    }

    fn line_ended(&mut self, line: &[u8]) -> Result<Option<String>, SkillFailure> {
        if line.is_empty() {
            return Ok(self.data.take());
        }
        let Some(value) = line.strip_prefix(b"data:") else { return Ok(None) };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let value = std::str::from_utf8(value).map_err(|_| malformed("its stream is not UTF-8"))?;
        match &mut self.data {
            Some(data) => {
                data.push('\n');
                data.push_str(value);
            }
            None => self.data = Some(value.to_owned()),
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&[u8]]) -> Vec<String> {
        let mut events = Events::default();
        let mut read: Vec<_> = pieces.iter().flat_map(|piece| events.push(piece).unwrap()).collect();
        read.extend(events.finish().unwrap());
        read
    }

    #[test]
    fn events_are_the_same_however_the_stream_is_cut() {
        let stream =
            ": hi\r\nevent: x\ndata: one\n\ndata:two\r\ndata: lines\r\n\r\n\n\ndata: ü\n\ndata: last"
                .as_bytes();
        let wanted = ["one", "two\nlines", "ü", "last"];
        assert_eq!(read(&[stream]), wanted);
        for cut in 0..stream.len() {
            assert_eq!(read(&[&stream[..cut], &stream[cut..]]), wanted, "{cut}");
        }
        let bytes: Vec<_> = stream.chunks(1).collect();
        assert_eq!(read(&bytes), wanted);
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert!(Events::default().push(b"data: \xff\n").is_err());
        assert_eq!(read(&[b"\xff: comment\n\n"]), Vec::<String>::new());
    }
}
