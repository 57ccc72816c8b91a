"""Writer identification: are two images by one hand? (Koch et al. 2015.)

settings  what a study can ask      pairs   writers' images, two by two
twin      one trunk for both sides  trainer the loop, and what it tells at its end
matrix    right answers by (writer, writer), ROC, equal error rate
"""
