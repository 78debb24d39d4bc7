"""Whatever file a picture comes in, what is made of it is small, upright, opaque and without metadata."""

import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from newsletter import model
from newsletter.limited import Limits
from newsletter.pictures import prepare as preparing
from newsletter.pictures.prepare import Fault, Prepared, prepare
from newsletter.pictures.scale import HEAVIEST, made
from tests.drawn import PICTURES, encoded, halves, noise

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def opened(result: Prepared | Fault) -> tuple[model.Image, Image.Image]:
    """Return what was prepared, and what a reader's program sees of it."""
    assert isinstance(result, Prepared), result
    return result.image, Image.open(BytesIO(result.image.content))


def prepared(folder: Path, content: bytes, name: str = "picture") -> tuple[model.Image, Image.Image]:
    (folder / name).write_bytes(content)
    return opened(prepare([folder / name], None)[folder / name])


def fault(folder: Path, content: bytes) -> Fault:
    (folder / "picture").write_bytes(content)
    result = prepare([folder / "picture"], None)[folder / "picture"]
    assert isinstance(result, Fault)
    assert result.hint
    return result


def like(found: object, wanted: tuple[int, int, int], within: int = 12) -> bool:
    return isinstance(found, tuple) and all(abs(a - b) <= within for a, b in zip(found, wanted, strict=False))


def test_a_photograph_of_50_megapixels_becomes_1200_pixels_wide_and_light(tmp_path: Path) -> None:
    photograph = noise(80, 60).resize((8160, 6120), Image.Resampling.BILINEAR)
    image, seen = prepared(tmp_path, encoded(photograph, "JPEG", quality=60))
    assert (image.width, image.height) == seen.size == (1200, 900)
    assert len(image.content) <= HEAVIEST
    assert (image.media_type, seen.format) == ("image/jpeg", "JPEG")


def test_even_pure_noise_ends_below_150_kb(tmp_path: Path) -> None:
    image, _ = prepared(tmp_path, encoded(noise(700, 500), "PNG"))
    assert len(image.content) <= HEAVIEST


def test_a_small_picture_is_not_enlarged_and_a_very_tall_one_is_bounded(tmp_path: Path) -> None:
    assert prepared(tmp_path, encoded(halves(), "PNG"))[1].size == (200, 100)
    assert prepared(tmp_path, encoded(halves(400, 6000), "PNG"))[1].size == (160, 2400)


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_picture_is_turned_as_its_exif_says_and_then_has_no_metadata(tmp_path: Path, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = turn, "Camera of Olena"
    exif.get_ifd(0x8825)[2] = (50.0, 27.0, 0.0)  # GPS latitude
    undo = {5: 5, 6: 2, 7: 6, 8: 4}.get(turn)  # PIL.Image.Transpose, as the camera held it
    stored = halves()
    for method in [undo] if undo is not None else {2: [0], 3: [3], 4: [1]}.get(turn, []):
        stored = stored.transpose(Image.Transpose(method))
    image, seen = prepared(tmp_path, encoded(stored, "JPEG", quality=95, exif=exif, comment=b"by Olena"))
    assert seen.size == (200, 100)
    assert like(seen.getpixel((20, 50)), RED)
    assert like(seen.getpixel((180, 50)), BLUE)
    assert not dict(seen.getexif())
    assert b"Olena" not in image.content
    assert b"Exif" not in image.content


@pytest.mark.parametrize(
    ("crop", "size", "colour"),
    [
        ("wide-50-0", (400, 225), RED),
        ("square-50-100", (300, 300), BLUE),
        ("square-50-0", (300, 300), RED),
    ],
)
def test_a_picture_is_cut_around_its_point_after_it_is_turned(
    tmp_path: Path, crop: str, size: tuple[int, int], colour: tuple[int, int, int]
) -> None:
    tall = (
        Image.new("RGB", (300, 900), BLUE)
        if crop.startswith("square")
        else Image.new("RGB", (400, 900), BLUE)
    )
    tall.paste(RED, (0, 0, tall.width, 450))
    on_its_side = tall.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    out = BytesIO()
    on_its_side.save(out, "JPEG", exif=exif, quality=95)
    file = tmp_path / "a"
    file.write_bytes(out.getvalue())
    image, seen = opened(prepare([file], tmp_path / "cache", crop=crop)[file])
    assert (image.width, image.height) == size
    assert like(seen.getpixel((9, 9)), colour)
    whole, _ = opened(prepare([file], tmp_path / "cache")[file])
    assert whole.content == opened(prepare([file], None)[file])[0].content


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    _, seen = prepared(tmp_path, encoded(Image.new("CMYK", (90, 60), (0, 255, 255, 0)), "JPEG"))
    assert seen.mode == "RGB"
    assert like(seen.getpixel((40, 30)), RED)


def test_colours_of_another_profile_become_srgb(tmp_path: Path) -> None:
    usual = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exchanged = usual.replace(b"rXYZ", b"?").replace(b"bXYZ", b"rXYZ").replace(b"?", b"bXYZ")
    for profile, wanted in ((usual, RED), (exchanged, BLUE), (b"damaged", RED)):
        red = Image.new("RGB", (60, 60), RED)
        image, seen = prepared(tmp_path, encoded(red, "PNG", icc_profile=profile))
        assert like(seen.convert("RGB").getpixel((5, 5)), wanted)
        assert b"ICC" not in image.content
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    _, seen = prepared(tmp_path, encoded(red, "PNG", icc_profile=lab))
    assert seen.convert("RGB").getpixel((5, 5)) == RED  # a profile that does not fit is passed over


def test_dark_lines_on_a_transparent_ground_stay_legible_where_mail_is_dark(tmp_path: Path) -> None:
    image, seen = prepared(tmp_path, (PICTURES / "mark.png").read_bytes())
    assert image.media_type == "image/png"
    assert not seen.has_transparency_data
    plain = seen.convert("RGB")
    assert plain.getpixel((2, 2)) == WHITE
    assert like(plain.getpixel((240, 40)), (17, 34, 51))


@pytest.mark.parametrize(
    "content",
    [
        encoded(Image.new("P", (40, 40), 3), "GIF", transparency=3),
        encoded(Image.new("LA", (40, 40), (0, 0)), "PNG"),
        encoded(Image.new("RGBA", (40, 40), (0, 0, 0, 0)), "WEBP", lossless=True),
        encoded(Image.new("I;16", (40, 40), 65535), "PNG"),
        encoded(Image.new("1", (40, 40), 1), "TIFF"),
        encoded(Image.new("RGB", (40, 40), WHITE), "BMP"),
    ],
    ids=["transparent GIF", "grey PNG", "WebP", "16 bits", "TIFF of 1 bit", "BMP"],
)
def test_pictures_of_every_usual_type_and_mode_are_taken(tmp_path: Path, content: bytes) -> None:
    image, seen = prepared(tmp_path, content)
    assert seen.convert("RGB").getpixel((20, 20)) == WHITE
    assert image.media_type in ("image/png", "image/jpeg")


def test_a_chart_stays_a_png_and_a_photograph_saved_as_png_becomes_a_jpeg(tmp_path: Path) -> None:
    chart, seen = prepared(tmp_path, (PICTURES / "chart.png").read_bytes())
    assert (chart.media_type, seen.size) == ("image/png", (1000, 560))
    photograph = noise(60, 45).resize((400, 300), Image.Resampling.BICUBIC)
    assert prepared(tmp_path, encoded(photograph, "PNG"))[0].media_type == "image/jpeg"


def test_of_an_animation_the_first_frame_is_kept_and_that_is_told(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (60, 40), colour) for colour in (RED, BLUE)]
    for kind in ("GIF", "WEBP", "PNG"):
        file = tmp_path / kind
        file.write_bytes(encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100))
        result = prepare([file], None)[file]
        assert isinstance(result, Prepared)
        assert result.moves
        _, seen = opened(result)
        assert like(seen.convert("RGB").getpixel((20, 20)), RED)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'<?xml version="1.0"?>\n<!-- a logo -->\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"\xef\xbb\xbf<SVG></SVG>", "SVG"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"%PDF-1.7", "PDF"),
        (b"Not a picture", "known type"),
        (b"", "known type"),
        (encoded(halves(), "PNG")[:90], "damaged"),
        (encoded(noise(90, 90), "JPEG")[:900], "damaged"),
        (b"GIF89a", "damaged"),
    ],
)
def test_what_is_no_usable_picture_is_refused_with_a_cure(tmp_path: Path, content: bytes, words: str) -> None:
    assert words in fault(tmp_path, content).text


def bomb(width: int, height: int) -> bytes:
    """Return a PNG of some kilobytes that claims to be of that size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes(1_000_000), 9)
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_bomb_is_refused_by_its_pixels_before_it_unfolds(tmp_path: Path) -> None:
    assert "60000 × 60000 pixels" in fault(tmp_path, bomb(60_000, 60_000)).text
    assert "damaged" in fault(tmp_path, bomb(7_000, 7_000)).text


def test_what_takes_too_much_ends_alone_and_the_others_are_still_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "_LIMITS", Limits(memory=190 << 20, seconds=20))
    large = Image.new("RGBA", (6_000, 6_000), (1, 2, 3, 200))
    files = [tmp_path / name for name in ("a", "b", "c")]
    for file, content in zip(
        files, (encoded(halves(), "PNG"), encoded(large, "PNG"), encoded(halves(), "GIF")), strict=True
    ):
        file.write_bytes(content)
    found = prepare(files, None)
    assert [type(found[file]) for file in files] == [Prepared, Fault, Prepared]
    assert "more memory or time" in str(found[files[1]])


def test_a_file_of_too_many_bytes_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "picture").open("wb") as file:
        file.truncate(preparing.LARGEST + 1)
    result = prepare([tmp_path / "picture"], None)[tmp_path / "picture"]
    assert isinstance(result, Fault)
    assert "25 MB" in result.text


def test_the_same_file_gives_the_same_bytes_and_is_made_only_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, cache = PICTURES / "town.jpg", tmp_path / "var" / "pictures"
    first = prepare([file], cache)[file]
    assert isinstance(first, Prepared)
    assert made(file.read_bytes(), 1200) == made(file.read_bytes(), 1200)
    monkeypatch.setattr(preparing, "_CHILD", "no.such.module")
    assert prepare([file], cache)[file] == first
    (entry,) = cache.iterdir()
    assert entry.stat().st_mode & 0o077 == 0
    entry.write_bytes(entry.read_bytes()[:-1])
    assert isinstance(prepare([file], cache)[file], Fault)  # a damaged entry is not used


def test_the_name_of_a_picture_is_made_of_its_bytes_alone(tmp_path: Path) -> None:
    image, _ = prepared(tmp_path, (PICTURES / "town.jpg").read_bytes())
    assert image.name == f"{image.sha256[:32]}.jpg"
    assert image.cid == f"{image.sha256[:32]}@pictures"
