use png::{BitDepth, ColorType, Encoder};
use qrcode::{Color, EcLevel, QrCode};
use square_kernel::Unavailable;
use utoipa::ToSchema;

/// A square of black and white.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary, content_media_type = "image/png")]
#[expect(dead_code, reason = "only its description is used")]
pub(super) struct Png(Vec<u8>);

/// How many pixels wide and high a module of the code is.
const SCALE: usize = 8;

/// How many modules of white the code needs around it (ISO/IEC 18004).
const QUIET: usize = 4;

/// `text` as a QR code, black on white, one bit a pixel.
pub(super) fn qr_image(text: &str) -> Result<Vec<u8>, Unavailable> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(Unavailable::new)?;
    let modules = code.width();
    let side = (modules + 2 * QUIET) * SCALE;
    let is_dark = |x: usize, y: usize| {
        let module = |pixel: usize| (pixel / SCALE).checked_sub(QUIET).filter(|module| *module < modules);
        module(x).zip(module(y)).is_some_and(|at| code[at] == Color::Dark)
    };
    let mut pixels = vec![0xFF; side.div_ceil(8) * side];
    for (y, row) in pixels.chunks_mut(side.div_ceil(8)).enumerate() {
        for x in (0..side).filter(|x| is_dark(*x, y)) {
            row[x / 8] &= !(0x80 >> (x % 8));
        }
    }
    png(u32::try_from(side).map_err(Unavailable::new)?, &pixels).map_err(Unavailable::new)
}

fn png(side: u32, pixels: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut image = Vec::new();
    let mut encoder = Encoder::new(&mut image, side, side);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(image)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_framed_in_white_and_has_its_three_corners() {
        let image = qr_image("otpauth://totp/Square:ada?secret=GEZDGNBVGY3TQOJQ").unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(image)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(
            (frame.width, frame.color_type, frame.bit_depth),
            (frame.height, ColorType::Grayscale, BitDepth::One)
        );
        let side = frame.width as usize;
        let dark = |x: usize, y: usize| pixels[y * side.div_ceil(8) + x / 8] & (0x80 >> (x % 8)) == 0;
        let margin = QUIET * SCALE;
        for at in 0..side {
            assert!(!dark(at, 0) && !dark(at, margin - 1) && !dark(0, at) && !dark(side - 1, at), "{at}");
        }
        let (first, last) = (margin, side - margin - 1);
        assert!(dark(first, first) && dark(last, first) && dark(first, last));
        assert!(!dark(first + SCALE, first + SCALE), "the ring of a corner");
    }
}
