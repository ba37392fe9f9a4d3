"""The palette of Okabe and Ito, which colour-blind readers can tell apart, and two greys."""

BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PURPLE, YELLOW = "#56B4E9", "#CC79A7", "#F0E442"
GREY, LIGHT = "#777777", "#BBBBBB"
