"""What a mean glucose goes with in HbA1c. None of these is a laboratory value, and mean glucose stands beside them."""

from cgm_dash.units import MG_DL_PER_MMOL_L


def gmi_percent(mean_mg_dl: float) -> float:
    """Return the glucose management indicator, percent: 3.31 + 0.02392 mean.

    Judged from 14 days with 70 % coverage on. Source: Bergenstal et al. 2018, Diabetes Care 41(11):2275,
    doi:10.2337/dc18-1581. It estimates HbA1c poorly in single persons: Selvin 2024, doi:10.2337/dci23-0086.

    >>> round(gmi_percent(150), 3)
    6.898
    """
    return 3.31 + 0.02392 * mean_mg_dl


def gmi_mmol_mol(mean_mg_dl: float) -> float:
    """Return the glucose management indicator, mmol/mol: 12.71 + 4.70587 mean in mmol/L. Source: as gmi_percent.

    >>> round(gmi_mmol_mol(150), 4)
    51.9256
    """
    return 12.71 + 4.70587 * mean_mg_dl / MG_DL_PER_MMOL_L


def ea1c_percent(mean_mg_dl: float) -> float:
    """Return the estimated A1c, percent: (mean + 46.7) / 28.7. Superseded by GMI; a research index.

    Source: Nathan et al. 2008, Diabetes Care 31(8):1473, doi:10.2337/dc08-0545.

    >>> round(ea1c_percent(150), 6)
    6.853659
    """
    return (mean_mg_dl + 46.7) / 28.7


def ugmi_percent(mean_mg_dl: float) -> float:
    """Return the updated GMI, percent: 1 / (15.36 / mean + 0.0425). A research index.

    The formula is the one public code gives; its paper was not read. mean is above 0.

    >>> round(ugmi_percent(150), 6)
    6.901311
    """
    return 1 / (15.36 / mean_mg_dl + 0.0425)
