"""Every knob: from `bowerbird.toml` in the home, over it the environment (BOWERBIRD_SEARCH__RRF_K=30).

Placed late among the layers so that no stage can read it: `assembly` hands each stage its values.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import tomli_w
from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from bowerbird.cluster import MilvusSettings
from bowerbird.errors import InputError
from bowerbird.indexing.milvus_settings import MilvusSettings as MilvusCluster
from bowerbird.intake import EventSettings, Group, ObservingSettings, PhotoSettings, ServingSettings

DEFAULT_HOME = Path("market")
SETTINGS_FILE = "bowerbird.toml"


class EncoderSettings(Group):
    """Which networks turn photos and words into vectors."""

    photo_backbone: str = Field(
        "efficientnet-lite2", description="Packaged name, Hugging Face name or local folder."
    )
    text_backbone: str = Field(
        "all-MiniLM-L6-v2", description="Packaged name, Hugging Face name or local folder."
    )
    precision: Literal["auto", "f32", "bf16"] = Field(
        "auto", description="auto is bf16 where the CPU has it; use f32 where replicas have mixed CPUs."
    )
    max_tokens: int = Field(
        0, ge=0, description="Tokens read of a text; 0 reads as many as the network was exported for."
    )
    whitened_dimension: int = Field(
        256, ge=2, description="Dimensions that whitening keeps of the raw photo features."
    )


class IndexSettings(Group):
    """How vectors and words are made searchable."""

    vector_index: Literal["auto", "flat", "hnsw", "ivf", "milvus"] = Field(
        "auto", description="auto: exact when small, IVF when large; milvus: in the cluster of milvus.uri."
    )
    synonyms: str = Field("default", description="'default', 'none', or the path of a synonyms file.")
    compact_after: float = Field(
        0.1, gt=0, description="Build a new generation when this share of rows was added since the last."
    )
    compact_after_rows: int = Field(
        5000, ge=1, description="... and at least this many rows were added since the last."
    )
    keep_generations: int = Field(2, ge=1, description="How many generations stay on disk.")
    poll_seconds: float = Field(
        0.2, gt=0, le=1, description="How often the catalogue is asked for changes made by others."
    )


class SearchSettings(Group):
    """How a query is answered."""

    rrf_k: float = Field(60.0, gt=0, description="k of reciprocal rank fusion.")
    keyword_weight: float = Field(1.0, ge=0, description="Weight of the keyword branch in rank fusion.")
    text_weight: float = Field(1.2, ge=0, description="Weight of the text vector branch.")
    photo_weight: float = Field(
        3.0, ge=0, description="Weight of the photo vector branch; beside words it outweighs both of theirs."
    )
    pictured_weight: float = Field(
        0.1, ge=0, description="Weight of photos that show what the words say; needs a listing encoder."
    )
    match_limit: int = Field(
        50_000, ge=100, description="Most keyword matches of one query; more are said to be 'at least'."
    )
    meaning_depth: int = Field(
        1000, ge=0, description="How many keyword matches are ranked by their text and photo vectors too."
    )
    text_depth: int = Field(200, ge=1, description="Most dense text hits of one query.")
    photo_depth: int = Field(200, ge=1, description="Most photo hits of one query.")
    pictured_depth: int = Field(
        100, ge=1, description="Most listings of one query whose photos show what its words say."
    )
    found_nothing: float = Field(
        0.98, gt=0, lt=1, description="Share of nonsense queries left without a dense hit when calibrating."
    )
    text_floor: float = Field(0.2, ge=-1, le=1, description="Least cosine of a dense text hit.")
    photo_strength: float = Field(
        0.8, description="Least strength of a photo hit: its cosine times its deviations above background."
    )
    photo_floor: float = Field(0.2, ge=-1, le=1, description="Least cosine of a photo hit.")
    kept_rows: int = Field(2_000_000, ge=1, description="Rows of match sets kept in memory for paging.")


class RankingSettings(Group):
    """How the first matches of a query are ordered for whoever asks."""

    shares: dict[str, float] = Field(
        {"learned": 1.0},
        description="Share of shoppers by ranker: fusion, untrained, learned (untrained before one was "
        "learned), a ranker's fingerprint, or two joined by + to interleave them.",
    )
    depth: int = Field(300, ge=0, le=1000, description="How many matches of a query are reranked.")
    taste_weight: float = Field(
        1.5, ge=0, description="Weight of a known shopper's taste in the untrained ranker's rank fusion."
    )
    swap_probability: float = Field(
        0.0,
        ge=0,
        le=0.5,
        description="How often neighbouring matches change places, so that position bias can be told.",
    )


class TasteSettings(Group):
    """What is drawn from shoppers' events, and the feeds that are made of it."""

    recency: float = Field(
        0.7, gt=0, le=1, description="Of each visit further back, in what followed the visits of others."
    )
    longest: int = Field(20, ge=1, description="Latest visits that the next listing is drawn from.")
    neighbours: int = Field(100, ge=1, description="Listings kept of those that followed each listing.")
    backward: float = Field(0.3, ge=0, le=1, description="What a later visit says of an earlier one.")
    vectors_weight: float = Field(0.1, ge=0, description="Weight of likeness by text vectors beside counts.")
    words_weight: float = Field(0.3, ge=0, description="Weight of shared rare words of titles beside counts.")
    trending_half_life_days: float = Field(
        3.0, gt=0, description="Days in which a look loses half its weight."
    )
    interest_recency: float = Field(0.9, gt=0, le=1, description="Of each visit further back, in interests.")
    interest_visits: int = Field(50, ge=1, le=200, description="Latest visits that interests are drawn from.")
    interest_likeness: float = Field(
        0.25, ge=-1, le=1, description="Least mean likeness of visits that are one interest."
    )
    interests: int = Field(5, ge=1, description="Most interests of one shopper.")
    hide_leaves: float = Field(
        0.5, gt=0, le=1, description="What a hide leaves of the visits of the interest nearest to it."
    )
    kept_shoppers: int = Field(
        4000, ge=1, description="Shoppers and sessions whose latest visits stay in memory, some 6 kB each."
    )
    feed_depth: int = Field(100, ge=1, description="Candidates of a feed that each source gives.")
    feed_length: int = Field(120, ge=1, le=1000, description="Listings of a whole feed, over all its pages.")
    feed_interests: float = Field(1.0, ge=0, description="Weight in feeds of what is like an interest.")
    feed_next: float = Field(1.0, ge=0, description="Weight in feeds of what others went on to.")
    feed_trending: float = Field(0.15, ge=0, description="Weight in feeds of what is popular now.")
    feed_new: float = Field(0.15, ge=0, description="Weight in feeds of what is new.")
    feed_price: float = Field(0.3, ge=0, description="Weight in feeds of the shopper's price leaning.")
    feed_variety: float = Field(
        0.4, ge=0, description="What a copy of a listing above loses, where the best one scores 1."
    )
    feed_one_kind: float = Field(
        0.4, ge=0, le=1, description="Most of a feed, after its first ten, that is like one interest."
    )
    feed_per_seller: int = Field(3, ge=1, description="Most listings of one seller among 24 in a row.")
    feed_heads_per_hour: int = Field(
        500, ge=1, description="Most different shoppers whose feeds one listing may head within an hour."
    )


class Settings(BaseSettings):
    """Every setting of one home."""

    model_config = SettingsConfigDict(
        env_prefix="BOWERBIRD_", env_nested_delimiter="__", extra="forbid", frozen=True, validate_default=True
    )

    home: Path = Field(DEFAULT_HOME, description="The workspace folder.")
    database: str = Field("", description="SQLAlchemy URL; empty means catalogue.db in the home.")
    models_url: str = Field(
        "",
        description="Folder or s3:// URL that `bowerbird models push` fills on one machine; servers take "
        "models and backbones up from there. Empty: the home's own.",
    )
    currency: str = Field("GBP", pattern="^[A-Z]{3}$", description="ISO 4217, where a price names none.")
    encoders: EncoderSettings = EncoderSettings()
    index: IndexSettings = IndexSettings()
    milvus: MilvusSettings = MilvusSettings()
    search: SearchSettings = SearchSettings()
    ranking: RankingSettings = RankingSettings()
    taste: TasteSettings = TasteSettings()
    photos: PhotoSettings = PhotoSettings()
    events: EventSettings = EventSettings()
    serving: ServingSettings = ServingSettings()
    observing: ObservingSettings = ObservingSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then the file in the home."""
        home = Path(init_settings().get("home") or env_settings().get("home") or DEFAULT_HOME)
        file = TomlConfigSettingsSource(settings_cls, home / SETTINGS_FILE)
        return init_settings, env_settings, file

    @property
    def milvus_cluster(self) -> MilvusCluster | None:
        """The cluster that vectors are kept in; None where none is named.

        Raises:
            InputError: vectors are to go to Milvus, and it is not said where that is.
        """
        cluster = self.milvus.cluster(self.home)
        if cluster is None and self.index.vector_index == "milvus":
            raise InputError("index.vector_index is milvus, but milvus.uri is empty; say where Milvus is")
        return cluster

    @property
    def models(self) -> Path:
        """Where exported networks are."""
        return self.home / "models"


def load_settings(home: Path | None = None, **overrides: BaseModel | Mapping[str, Any] | str) -> Settings:
    """The settings of a home; `home` None means BOWERBIRD_HOME, else ./market.

    Raises:
        InputError: the file or the environment holds a value that cannot be used.
    """
    given: dict[str, Any] = {**overrides} if home is None else {**overrides, "home": home}
    try:
        return Settings(**given)
    except ValidationError as error:
        details = [
            f"{'.'.join(map(str, e['loc']))}: {e['msg']} (given: {e['input']!r})" for e in error.errors()
        ]
        raise InputError(
            f"the settings cannot be used: {details[0]}; correct {SETTINGS_FILE} or the environment",
            details=details,
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{SETTINGS_FILE} is not valid TOML: {error}; correct it") from error
    except (SettingsError, OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"the settings cannot be read: {error}; correct {SETTINGS_FILE} or the environment"
        ) from error


def write_settings(settings: Settings, **changes: dict[str, Any]) -> Path:
    """Merge `changes` (group -> name -> value) into the home's file and return its path."""
    path = settings.home / SETTINGS_FILE
    stored: dict[str, Any] = {}
    if path.exists():
        stored = tomllib.loads(path.read_text("utf-8"))
    for group, values in changes.items():
        stored.setdefault(group, {}).update(values)
    path.write_text(tomli_w.dumps(stored), "utf-8")
    return path


def described_settings(settings: Settings) -> list[tuple[str, Any, Any, str]]:
    """(name, value, default, meaning) of every setting, in order, nested names joined with a dot."""
    rows: list[tuple[str, Any, Any, str]] = []
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if not isinstance(value, BaseModel):
            rows.append((name, value, field.default, field.description or ""))
            continue
        for inner, inner_field in type(value).model_fields.items():
            held, default = getattr(value, inner), inner_field.default
            if isinstance(held, SecretStr):  # shown as stars
                held, default = str(held), str(default)
            described = (held, default, inner_field.description or "")
            rows.append((f"{name}.{inner}", *described))
    return rows
