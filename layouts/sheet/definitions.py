"""What each metric is, in one sentence a doctor or a wearer can read, and where it was defined.

Limits in braces are written in the viewer's unit: {very_low} to {very_high} are the wearer's own, {l54} to {l250} those
that a definition fixes (mg/dL).
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cgm_dash.i18n import mark as m


class Kind(enum.Enum):
    """How a figure is written."""

    GLUCOSE = enum.auto()
    PER_MINUTE = enum.auto()
    PER_HOUR = enum.auto()
    HOURS_PER_DAY = enum.auto()
    SHARE = enum.auto()
    SHARE_BELOW = enum.auto()
    PERCENT_1 = enum.auto()
    MMOL_MOL = enum.auto()
    WHOLE = enum.auto()
    NUMBER_1 = enum.auto()
    NUMBER_2 = enum.auto()
    WORD = enum.auto()
    COUNT = enum.auto()


@dataclass(frozen=True, slots=True)
class Definition:
    """key: in metrics.summary.all_metrics. source: of SOURCES, "" for what needs none."""

    key: str
    name: str
    kind: Kind
    what: str
    source: str = ""


SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "Battelino 2019": "Diabetes Care 42(8):1593, doi:10.2337/dci19-0028",
        "Battelino 2023": "Lancet Diabetes Endocrinol 11(1):42, doi:10.1016/S2213-8587(22)00319-9",
        "Bergenstal 2018": "Diabetes Care 41(11):2275, doi:10.2337/dc18-1581",
        "Clarke 2009": "Diabetes Technol Ther 11(S1):S45, doi:10.1089/dia.2008.0138",
        "Danne 2017": "Diabetes Care 40(12):1631, doi:10.2337/dc17-1600",
        "Fernandes 2022": "J Diabetes Sci Technol, doi:10.1177/19322968211061165",
        "Hermanides 2010": "Crit Care Med 38(3):838, doi:10.1097/CCM.0b013e3181cc4be9",
        "Hill 2007": "Diabet Med 24(7):753, doi:10.1111/j.1464-5491.2007.02119.x",
        "Hirsch 2017": "Diabetes Technol Ther 19(S3):S38, doi:10.1089/dia.2017.0080",
        "Klonoff 2022": "J Diabetes Sci Technol, doi:10.1177/19322968221085273",
        "Kovatchev 1997": "Diabetes Care 20(11):1655, doi:10.2337/diacare.20.11.1655",
        "Leelarathna 2020": "J Diabetes Sci Technol 14(2):277, doi:10.1177/1932296819838525",
        "McDonnell 2005": "Diabetes Technol Ther 7(2):253, doi:10.1089/dia.2005.7.253",
        "Molnar 1972": "Diabetologia 8:342, doi:10.1007/BF01218495",
        "Monnier 2013": "Diabetes Care 36(12):4057, doi:10.2337/dc12-2127",
        "Nathan 2008": "Diabetes Care 31(8):1473, doi:10.2337/dc08-0545",
        "Peyser 2018": "Diabetes Technol Ther, doi:10.1089/dia.2017.0187",
        "Rodbard 2009a": "Diabetes Technol Ther 11(9):551, doi:10.1089/dia.2009.0015",
        "Rodbard 2009b": "Diabetes Technol Ther 11(S1):S55, doi:10.1089/dia.2008.0132",
        "Rousseeuw 1993": "J Am Stat Assoc 88(424):1273, doi:10.1080/01621459.1993.10476408",
        "Schlichtkrull 1965": "Acta Med Scand 177:95, doi:10.1111/j.0954-6820.1965.tb01810.x",
        "Service 1970": "Diabetes 19(9):644, doi:10.2337/diab.19.9.644",
        "Wojcicki 1995": "Horm Metab Res 27(1):41, doi:10.1055/s-2007-979906",
    }
)

D, K = Definition, Kind

DATA = (
    D("n", m("Readings"), K.COUNT, m("Readings in the time of this report.")),
    D(
        "active_percent",
        m("CGM active"),
        K.SHARE,
        m("Share of the time that readings cover; 70 % or more is asked for."),
        "Danne 2017",
    ),
    D(
        "days_used",
        m("Days compared"),
        K.COUNT,
        m("Days with at least 70 % coverage: figures that compare days use these."),
    ),
)
LEVEL = (
    D("mean_mg_dl", m("Mean"), K.GLUCOSE, m("Mean glucose over the time the readings stand for.")),
    D("median_mg_dl", m("Median"), K.GLUCOSE, m("Half of the time lies below it, half above.")),
    D("sd_mg_dl", m("SD"), K.GLUCOSE, m("Standard deviation: how far glucose strays from its mean."), "Danne 2017"),
    D("cv_percent", m("CV"), K.PERCENT_1, m("SD as a share of the mean; up to 36 % counts as stable."), "Danne 2017"),
    D(
        "gmi_percent",
        m("GMI"),
        K.PERCENT_1,
        m("The HbA1c that people with this mean glucose have on average; not a laboratory value."),
        "Bergenstal 2018",
    ),
    D("gmi_mmol_mol", m("GMI, in mmol/mol"), K.MMOL_MOL, m("The same in the other unit of HbA1c."), "Bergenstal 2018"),
)
RANGES = (
    D("tar2_percent", m("Very high"), K.SHARE, m("Time above {very_high}."), "Battelino 2019"),
    D("tar1_percent", m("High"), K.SHARE, m("Time above {high}, up to {very_high}."), "Battelino 2019"),
    D("tar_percent", m("Time above range"), K.SHARE, m("Time above {high}."), "Battelino 2019"),
    D("tir_percent", m("Time in range"), K.SHARE, m("Time from {low} to {high}."), "Battelino 2019"),
    D(
        "titr_percent",
        m("Time in tight range"),
        K.SHARE,
        m("Time from {l70} to {l140}; no goal was agreed on yet."),
        "Battelino 2023",
    ),
    D("tbr_percent", m("Time below range"), K.SHARE_BELOW, m("Time below {low}."), "Battelino 2019"),
    D("tbr1_percent", m("Low"), K.SHARE_BELOW, m("Time from {very_low} to below {low}."), "Battelino 2019"),
    D("tbr2_percent", m("Very low"), K.SHARE_BELOW, m("Time below {very_low}."), "Battelino 2019"),
    D(
        "pregnancy_tir_percent",
        m("In range, pregnancy"),
        K.SHARE,
        m("Time from {l63} to {l140}, the range of pregnancy."),
        "Battelino 2019",
    ),
    D("pregnancy_tbr_percent", m("Below range, pregnancy"), K.SHARE_BELOW, m("Time below {l63}."), "Battelino 2019"),
    D("pregnancy_tbr2_percent", m("Very low, pregnancy"), K.SHARE_BELOW, m("Time below {l54}."), "Battelino 2019"),
    D("pregnancy_tar_percent", m("Above range, pregnancy"), K.SHARE, m("Time above {l140}."), "Battelino 2019"),
)
RISK = (
    D(
        "gri",
        m("GRI"),
        K.WHOLE,
        m("Glycaemia risk index, 0 best to 100: times low and high, weighed as clinicians do."),
        "Klonoff 2022",
    ),
    D("gri_zone", m("GRI zone"), K.WORD, m("From A (best fifth of the scale) to E."), "Klonoff 2022"),
    D("gri_hypo_component", m("GRI, part of lows"), K.NUMBER_1, m("Very low + 0.8 × low."), "Klonoff 2022"),
    D("gri_hyper_component", m("GRI, part of highs"), K.NUMBER_1, m("Very high + 0.5 × high."), "Klonoff 2022"),
    D(
        "lbgi",
        m("LBGI"),
        K.NUMBER_1,
        m("Low blood glucose index: how often and how far glucose is low. Its limits come from finger pricks."),
        "Kovatchev 1997",
    ),
    D(
        "hbgi",
        m("HBGI"),
        K.NUMBER_1,
        m("High blood glucose index: how often and how far glucose is high."),
        "Kovatchev 1997",
    ),
    D("bgri", m("BGRI"), K.NUMBER_1, m("LBGI and HBGI together."), "Kovatchev 1997"),
)
SWINGS = (
    D(
        "mage_avg_mg_dl",
        m("MAGE"),
        K.GLUCOSE,
        m("Mean height of the swings that exceed one SD, up and down."),
        "Fernandes 2022",
    ),
    D(
        "mage_service_mg_dl",
        m("MAGE, first direction"),
        K.GLUCOSE,
        m("The same in the direction of the first swing, as first defined, for single days."),
        "Service 1970",
    ),
    D(
        "mage_plus_mg_dl",
        m("MAGE, rises"),
        K.GLUCOSE,
        m("Mean height of the rises that exceed one SD."),
        "Fernandes 2022",
    ),
    D(
        "mage_minus_mg_dl",
        m("MAGE, falls"),
        K.GLUCOSE,
        m("Mean depth of the falls that exceed one SD."),
        "Fernandes 2022",
    ),
    D("conga1_mg_dl", m("CONGA, 1 h"), K.GLUCOSE, m("SD of the changes over 1 hour."), "McDonnell 2005"),
    D("conga2_mg_dl", m("CONGA, 2 h"), K.GLUCOSE, m("SD of the changes over 2 hours."), "McDonnell 2005"),
    D("conga4_mg_dl", m("CONGA, 4 h"), K.GLUCOSE, m("SD of the changes over 4 hours."), "McDonnell 2005"),
    D("conga24_mg_dl", m("CONGA, 24 h"), K.GLUCOSE, m("SD of the changes over 24 hours."), "McDonnell 2005"),
    D(
        "modd_mg_dl",
        m("MODD"),
        K.GLUCOSE,
        m("Mean difference from the same time of the day before."),
        "Molnar 1972",
    ),
    D("mag_mg_dl_per_h", m("MAG"), K.PER_HOUR, m("Mean absolute change of glucose in an hour."), "Hermanides 2010"),
    D(
        "gvp_percent",
        m("GVP"),
        K.PERCENT_1,
        m("How much longer the trace is than a flat line would be."),
        "Peyser 2018",
    ),
    D("gvi", m("GVI"), K.NUMBER_2, m("The same as a ratio: 1 is flat, below 1.2 low, above 1.5 high."), "Peyser 2018"),
    D(
        "roc_sd_mg_dl_per_min",
        m("SD of the rate of change"),
        K.PER_MINUTE,
        m("How much the speed of change varies, over 15 minutes each."),
        "Clarke 2009",
    ),
)
SPREAD = (
    D("p5_mg_dl", m("5th percentile"), K.GLUCOSE, m("5 % of the time lies below it.")),
    D("p10_mg_dl", m("10th percentile"), K.GLUCOSE, m("10 % of the time lies below it.")),
    D("p25_mg_dl", m("25th percentile"), K.GLUCOSE, m("A quarter of the time lies below it.")),
    D("p75_mg_dl", m("75th percentile"), K.GLUCOSE, m("A quarter of the time lies above it.")),
    D("p90_mg_dl", m("90th percentile"), K.GLUCOSE, m("10 % of the time lies above it.")),
    D("p95_mg_dl", m("95th percentile"), K.GLUCOSE, m("5 % of the time lies above it.")),
    D("iqr_mg_dl", m("Interquartile range"), K.GLUCOSE, m("From the 25th to the 75th percentile: the middle half.")),
    D(
        "mad_mg_dl",
        m("MAD"),
        K.GLUCOSE,
        m("Median distance from the median, times 1.4826: an SD that extremes do not sway."),
        "Rousseeuw 1993",
    ),
    D("min_mg_dl", m("Lowest reading"), K.GLUCOSE, m("The lowest; a sensor shows nothing below its bound.")),
    D("max_mg_dl", m("Highest reading"), K.GLUCOSE, m("The highest; a sensor shows nothing above its bound.")),
    D("sd_total_mg_dl", m("SD, total"), K.GLUCOSE, m("SD of five-minute values over all days."), "Rodbard 2009a"),
    D("sd_within_day_mg_dl", m("SD within days"), K.GLUCOSE, m("Mean of each day's SD."), "Rodbard 2009a"),
    D(
        "sd_within_hour_mg_dl",
        m("SD within hours"),
        K.GLUCOSE,
        m("Mean SD of the values of one hour."),
        "Rodbard 2009a",
    ),
    D(
        "sd_time_of_day_mg_dl",
        m("SD of the daily pattern"),
        K.GLUCOSE,
        m("SD of the means of each time of day: how strong the daily pattern is."),
        "Rodbard 2009a",
    ),
    D(
        "sd_between_daily_means_mg_dl",
        m("SD of daily means"),
        K.GLUCOSE,
        m("How much the means of the days differ."),
        "Rodbard 2009a",
    ),
    D(
        "sd_between_days_mg_dl",
        m("SD between days"),
        K.GLUCOSE,
        m("How much days differ at the same time of day."),
        "Rodbard 2009a",
    ),
    D(
        "sd_between_days_same_mean_mg_dl",
        m("SD between days, level"),
        K.GLUCOSE,
        m("The same after each day's mean is taken off."),
        "Rodbard 2009a",
    ),
    D(
        "sd_interaction_mg_dl",
        m("SD, remainder"),
        K.GLUCOSE,
        m("What neither the day nor the time of day explains."),
        "Rodbard 2009a",
    ),
    D("daily_cv_mean_percent", m("Daily CV, mean"), K.PERCENT_1, m("Mean of each day's CV."), "Rodbard 2009a"),
    D("daily_cv_sd_percent", m("Daily CV, SD"), K.PERCENT_1, m("How much the days' CVs differ."), "Rodbard 2009a"),
)
EXPOSURE = (
    D("auc_mean_mg_dl", m("Area under the curve"), K.GLUCOSE, m("Area by trapezoids over its time: a mean level.")),
    D(
        "exposure_above_180_mg_dl_h_per_day",
        m("Exposure above {l180}"),
        K.HOURS_PER_DAY,
        m("Area between the curve and {l180} on an observed day."),
    ),
    D(
        "exposure_above_250_mg_dl_h_per_day",
        m("Exposure above {l250}"),
        K.HOURS_PER_DAY,
        m("Area between the curve and {l250} on an observed day."),
    ),
    D(
        "exposure_below_70_mg_dl_h_per_day",
        m("Exposure below {l70}"),
        K.HOURS_PER_DAY,
        m("Area between the curve and {l70} on an observed day."),
    ),
    D(
        "exposure_below_54_mg_dl_h_per_day",
        m("Exposure below {l54}"),
        K.HOURS_PER_DAY,
        m("Area between the curve and {l54} on an observed day."),
    ),
)
NIGHTS = (
    D(
        "fasting_median_mg_dl",
        m("Before breakfast"),
        K.GLUCOSE,
        m("Median over the days of the mean of 04:00 to 06:00."),
    ),
    D(
        "dawn_rise_median_mg_dl",
        m("Dawn rise"),
        K.GLUCOSE,
        m("Median rise from the night's lowest value to 06:00, taken for breakfast; nights with a low are left out."),
        "Monnier 2013",
    ),
    D(
        "dawn_days_percent",
        m("Days with a dawn rise"),
        K.SHARE,
        m("Share of days on which that rise is above {l20}; no limit was agreed on for sensors."),
        "Monnier 2013",
    ),
    D(
        "nocturnal_lows_median_per_night",
        m("Lows in a night"),
        K.NUMBER_1,
        m("Median of the lows that begin from 00:00 to 06:00."),
    ),
)
EPISODES = (
    D(
        "low_1",
        m("Lows"),
        K.COUNT,
        m("At least 15 minutes below {l70}, until 15 minutes at or above it."),
        "Battelino 2023",
    ),
    D("low_2", m("Very lows"), K.COUNT, m("The same below {l54}; each lies in a low."), "Battelino 2023"),
    D("low_1_only", m("Lows, none of it very low"), K.COUNT, m("Lows that hold no very low."), "Battelino 2023"),
    D("low_extended", m("Long lows"), K.COUNT, m("More than 120 minutes below {l70}."), "Battelino 2023"),
    D(
        "high_1",
        m("Highs"),
        K.COUNT,
        m("At least 15 minutes above {l180}, until 15 minutes at or below it."),
        "Battelino 2023",
    ),
    D("high_2", m("Very highs"), K.COUNT, m("The same above {l250}."), "Battelino 2023"),
    D("high_extended", m("Long highs"), K.COUNT, m("90 minutes above {l250} within 120."), "Battelino 2023"),
)
RESEARCH_INDICES = (
    D(
        "ea1c_percent",
        m("eA1C"),
        K.PERCENT_1,
        m("An older estimate of HbA1c from the mean; GMI took its place."),
        "Nathan 2008",
    ),
    D(
        "ugmi_percent",
        m("uGMI"),
        K.PERCENT_1,
        m("A newer estimate of HbA1c from the mean, by the formula that public code gives."),
    ),
    D(
        "j_index",
        m("J-index"),
        K.NUMBER_1,
        m("0.001 × (mean + SD)², in mg/dL: level and spread in one."),
        "Wojcicki 1995",
    ),
    D(
        "m_value",
        m("M-value"),
        K.NUMBER_1,
        m("Mean distance from {l120} on a steep logarithmic scale."),
        "Schlichtkrull 1965",
    ),
    D(
        "grade",
        m("GRADE"),
        K.NUMBER_1,
        m("Mean of a risk score of 0 to 50 that experts gave to each value."),
        "Hill 2007",
    ),
    D("grade_hypo_percent", m("GRADE, of lows"), K.SHARE, m("Share of GRADE from below {l70}."), "Hill 2007"),
    D("grade_eu_percent", m("GRADE, of target"), K.SHARE, m("Share of GRADE from {l70} to {l140}."), "Hill 2007"),
    D("grade_hyper_percent", m("GRADE, of highs"), K.SHARE, m("Share of GRADE from above {l140}."), "Hill 2007"),
    D(
        "hypo_index_80",
        m("Hypo index"),
        K.NUMBER_2,
        m("How often and how far glucose is below {l80}."),
        "Rodbard 2009b",
    ),
    D("hyper_index_140", m("Hyper index"), K.NUMBER_2, m("How often and how far it is above {l140}."), "Rodbard 2009b"),
    D("igc_80_140", m("IGC"), K.NUMBER_2, m("Index of glycaemic control: both together."), "Rodbard 2009b"),
    D(
        "cogi",
        m("COGI"),
        K.WHOLE,
        m("Continuous glucose index, 0 to 100 best: time in range, time below and SD."),
        "Leelarathna 2020",
    ),
    D(
        "pgs",
        m("PGS"),
        K.NUMBER_1,
        m("Personal glycaemic status: swings, mean, time in range and lows in one score."),
        "Hirsch 2017",
    ),
)

GROUPS: tuple[tuple[str, tuple[Definition, ...]], ...] = (
    (m("Data"), DATA),
    (m("Level"), LEVEL),
    (m("Time in ranges"), RANGES),
    (m("Episodes"), EPISODES),
    (m("Risk"), RISK),
    (m("Swings"), SWINGS),
    (m("Spread"), SPREAD),
    (m("Exposure"), EXPOSURE),
    (m("Nights"), NIGHTS),
    (m("Research indices, without agreed goals"), RESEARCH_INDICES),
)

FIXED = (20, 54, 63, 70, 80, 120, 140, 180, 250)
"""Limits that definitions fix, mg/dL."""
