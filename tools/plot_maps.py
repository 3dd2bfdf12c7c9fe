# SPDX-License-Identifier: Apache-2.0
"""Maps of one month: coarse field, Lerp, truth, one member, mean and spread of the ensemble."""
import cartopy.crs as ccrs
import matplotlib.pyplot as plt
import numpy as np

from plot_text import long_name, month_text, pretty, shown_in


def colour_scale(field):
    """Diverging about zero for fields of both signs, else from dark to light; without the outermost half percent."""
    low, high = np.nanpercentile(field, [0.5, 99.5])
    if low < 0 < high:
        limit = max(-low, high)
        return {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}
    return {"cmap": "viridis", "vmin": low, "vmax": high}


def draw_map(axes, store, grid, field, scale):
    """One map with the coast, which is where the store's land fraction passes one half."""
    axes.set_facecolor("0.85")  # where values are missing
    centre = store.fine["lon_edges"][[0, -1]].mean()
    turn = 360 * np.round((centre - grid["lon_edges"].mean()) / 360)
    edges = np.clip(grid["lon_edges"] + turn, centre - 179.999, centre + 179.999)
    plate = ccrs.PlateCarree()
    mesh = axes.pcolormesh(edges, grid["lat_edges"], np.ma.masked_invalid(field), transform=plate, rasterized=True, **scale)
    land, lon = store.land(), store.fine["lon"]
    if land is not None and land.min() < 0.5 < land.max():
        if store.content["fine_periodic"]:  # lines go on to the border of the map
            seam = (land[:, :1] + land[:, -1:]) / 2
            land = np.hstack([seam, land, seam])
            lon = np.concatenate([[centre - 179.999], lon, [centre + 179.999]])
        axes.contour(*np.meshgrid(lon, store.fine["lat"]), land, levels=[0.5], colors="0.15", linewidths=0.6, transform=plate,
                     transform_first=True)
    axes.spines["geo"].set_linewidth(0.6)
    if not store.content["fine_periodic"]:
        axes.set_extent([*store.fine["lon_edges"][[0, -1]], *store.fine["lat_edges"][[0, -1]]], plate)
        lines = axes.gridlines(draw_labels=True, color="0.6", linewidth=0.4, linestyle=":")
        lines.top_labels = lines.right_labels = False
    return mesh


def map_panels(store, reconstruction, variable, month):
    """Title, grid and field of each panel; the spread is the last. All in the units of figures."""
    units, factor = shown_in(store.units(variable))
    coarse, truth = (factor * store.field(name, variable, month) for name in ("coarse", "fine"))
    areas = store.cell_areas()

    def with_error(title, field):
        known = np.isfinite(field) & np.isfinite(truth)
        error = np.sqrt(np.average((field - truth)[known] ** 2, weights=areas[known])) if known.any() else np.nan
        return f"{title}: RMSE {error:.3g} {pretty(units)}", store.fine, field

    step = np.diff(store.coarse["lat_edges"]).max(), np.diff(store.fine["lat_edges"]).max()
    lerp = store.lerp(coarse)
    panels = [(f"Coarse field, {step[0]:.3g}\N{DEGREE SIGN} (input)", store.coarse, coarse), with_error("Lerp", lerp),
              (f"Truth, {step[1]:.3g}\N{DEGREE SIGN}", store.fine, truth)]
    members = reconstruction.members(variable, month) if reconstruction else []
    mean, spread = reconstruction.summary(variable, month) if reconstruction else (None, None)
    if members:
        panels.append(with_error(f"Member {int(members[0][1:])}", factor * reconstruction.field(variable, members[0], month)))
    if mean is not None:
        panels.append(with_error("Ensemble mean", factor * mean))
    return panels, None if spread is None else factor * spread


class Page:
    """A figure with three maps a row; all lengths in inches, so that nothing overlaps whatever the shape of a map."""

    LEFT, TITLE, BAR = 0.3, 0.85, 0.95  # margins: left and right, above for the title, below for the colour bars

    def __init__(self, n_rows, aspect, is_global):
        self.width = 4.4 if aspect < 1 else 4.4 / aspect
        self.height = self.width * aspect
        self.gap = (0.2, 0.4) if is_global else (0.75, 0.75)  # between columns and rows; regional maps have labels
        self.left = self.LEFT + (0 if is_global else 0.4)
        self.bottom = self.BAR + (0 if is_global else 0.2)
        self.size = (self.left + 3 * self.width + 2 * self.gap[0] + self.LEFT,
                     self.bottom + n_rows * self.height + (n_rows - 1) * self.gap[1] + self.TITLE)
        self.n_rows = n_rows
        self.figure = plt.figure(figsize=self.size)

    def axes(self, left, bottom, width, height, **options):
        (w, h) = self.size
        return self.figure.add_axes([left / w, bottom / h, width / w, height / h], **options)

    def map_axes(self, i_panel, projection):
        row, column = divmod(i_panel, 3)
        bottom = self.bottom + (self.n_rows - 1 - row) * (self.height + self.gap[1])
        return self.axes(self.left_of(column), bottom, self.width, self.height, projection=projection)

    def left_of(self, column):
        return self.left + column * (self.width + self.gap[0])

    def colour_bar(self, mesh, columns, label, extend):
        """Below the maps of columns first to last."""
        first, last = columns
        whole = self.left_of(last) + self.width - self.left_of(first)
        bar = self.axes(self.left_of(first) + 0.15 * whole, 0.6, 0.7 * whole, 0.13)
        self.figure.colorbar(mesh, cax=bar, orientation="horizontal", extend=extend).set_label(label)


def draw_maps(store, reconstruction, variable, month):
    panels, spread = map_panels(store, reconstruction, variable, month)
    is_global = store.content["fine_periodic"]
    centre = store.fine["lon_edges"][[0, -1]].mean()
    projection = ccrs.Robinson(centre) if is_global else ccrs.PlateCarree(centre)
    rows, columns = (np.ptp(store.fine[name]) for name in ("lat_edges", "lon_edges"))
    page = Page(1 if len(panels) <= 3 and spread is None else 2, 0.507 if is_global else rows / columns, is_global)
    scale = colour_scale(panels[2][2])  # the truth's
    for i, (title, grid, field) in enumerate(panels):
        axes = page.map_axes(i, projection)
        mesh = draw_map(axes, store, grid, field, scale)
        axes.set_title(title, pad=6)
    label = f"{long_name(variable)} ({pretty(shown_in(store.units(variable))[0])})"
    page.colour_bar(mesh, (0, 2 if spread is None else 1), label, "both")
    if spread is not None:
        axes = page.map_axes(5, projection)
        shades = {"cmap": "magma_r", "vmin": 0, "vmax": np.nanpercentile(spread, 99.5)}
        page.colour_bar(draw_map(axes, store, store.fine, spread, shades), (2, 2), f"spread, {label}", "max")
        axes.set_title("Ensemble spread (standard deviation)", pad=6)
    page.figure.suptitle(f"{long_name(variable).capitalize()}, {month_text(month)}", fontsize=14, fontweight="bold",
                         y=1 - 0.15 / page.size[1], va="top")
    return page.figure
